// SPDX-License-Identifier: MIT
// svgdiffuse: class-conditional latents out of nothing, each a function of (seed, index).
#include <algorithm>
#include <atomic>
#include <cstring>

#include "common/batch_meta.h"
#include "common/model_client.h"
#include "common/numbered_source.h"
#include "common/pause_gate.h"
#include "common/tensor_memory.h"
#include "common/tensor_stream.h"
#include "common/video_frames.h"
#include "svg/diffuse_settings.h"
#include "svg/elements.h"
#include "svg/guidance_model.h"
#include "svg/preview.h"
#include "svg/sampling_progress.h"
#include "svg/unfinished_batch.h"
#include "svgen/class_list.h"
#include "svgen/error.h"
#include "svgen/noise_walk.h"

namespace svgen::gst {
namespace {

class Diffuse : public NumberedSource<Diffuse, DiffuseSettings> {
 public:
  static constexpr const char* kTypeName = "GstSvgDiffuse";
  static constexpr const char* kFactory = "svgdiffuse";
  static constexpr const char* kLongName = "SVG diffusion transformer";
  static constexpr const char* kClassification = "Source/Tensor";
  static constexpr const char* kDescription =
      "Generates class-conditional latents; an image depends on its seed and index alone";

  using NumberedSource::NumberedSource;

  static std::vector<Property<Diffuse>> properties() {
    return joined(joined(model_properties<Diffuse>(), diffuse_properties<Diffuse>()),
                  follow_property<Diffuse>());
  }

  static void class_init(GstPushSrcClass* klass) {
    install_source(klass, kTensorSourceCaps);
    auto* source = GST_BASE_SRC_CLASS(klass);
    source->negotiate = trampoline<&Diffuse::negotiate>;
    source->get_times = [](GstBaseSrc* self, GstBuffer* buffer, GstClockTime* start,
                           GstClockTime* end) {
      // A live source shows an image when its time has come.
      const bool timed = gst_base_src_is_live(self) && GST_BUFFER_PTS_IS_VALID(buffer);
      *start = timed ? GST_BUFFER_PTS(buffer) : GST_CLOCK_TIME_NONE;
      *end = GST_CLOCK_TIME_NONE;
    };
    GST_ELEMENT_CLASS(klass)->send_event = trampoline<&Diffuse::send_event>;
  }

  void open() {
    const DiffuseSettings s = settings();
    client_.open(element(), nullptr, s);
    numbered_ = s;  // until the start
    require_sampler(client_.engine());
    guidance_model_ = open_guidance_model(s.guidance_model, client_.engine().card(), s);
    gst_base_src_set_live(source(), s.is_live);
    gst_base_src_set_do_timestamp(source(), s.is_live && !s.framerate.is_positive());
    gst_base_src_set_format(
        source(), s.framerate.is_positive() || s.is_live ? GST_FORMAT_TIME : GST_FORMAT_DEFAULT);
  }

  void close() {
    guidance_model_.reset();
    client_.close();
  }

  // A live pipeline that is paused shows nothing, so the work rests after the step at hand.
  void pause() {
    if (gst_base_src_is_live(source())) gate_.close();
  }
  void play() { gate_.open(); }

  gboolean unlock() {
    NumberedSource::unlock();
    gate_.wake();
    return TRUE;
  }

  StructurePtr model_statistics() const { return client_.statistics(); }

  gboolean start() {
    const DiffuseSettings s = settings();
    const Card& card = engine().card();
    validate(s.sampling.over(card.sampling));
    classes_ = ClassList::parse(s.classes, engine().info().classes, card.classes);
    noise_ = s.initial_noise.empty() ? Tensor() : read_noise(s);
    if (noise_.defined() && s.walk != NoiseWalk::kNone)
      throw ConfigurationError("a walk goes between the noises of the seed: unset one of the two",
                               {.expected = "walk=none, or no initial-noise",
                                .found = s.initial_noise,
                                .where = "walk, initial-noise"});
    is_ending_ = false;
    gate_.open();
    numbered_ = own_images(s);
    numbers().begin(numbered_, -1, Shard());
    progress_.begin(numbered_.num_images);
    return TRUE;
  }

  /// Those of this process, where several share them.
  NumberedSettings numbered() const { return numbered_; }

  gboolean stop() {
    noise_ = {};
    sent_ = {};
    kept_ = {};
    return TRUE;
  }

  // Finished images of a batch are not lost by the end of the stream: they leave first.
  gboolean send_event(GstEvent* event) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS && is_sampling_) {
      is_ending_ = true;
      gate_.wake();
      gst_event_unref(event);
      return TRUE;
    }
    return GST_ELEMENT_CLASS(Glue<Diffuse>::parent())->send_event(element(), event);
  }

  // A seek goes on behind an end that was asked for.
  void moved() { is_ending_ = false; }

  GstCaps* get_caps(GstCaps* filter) {
    const CapsPtr caps = client_.is_open()
                             ? offered_caps(stream_of(settings(), settings().batch_size))
                             : CapsPtr(gst_pad_get_pad_template_caps(pad()));
    return filtered(caps, filter);
  }

  gboolean negotiate() {
    const DiffuseSettings s = settings();
    sent_ = {};  // downstream has changed
    return announce(stream_of(s, std::max<int64_t>(1, count_of(numbers().upcoming(s.batch_size)))));
  }

  gboolean query(GstQuery* query) {
    return answer_model_query(query, settings(), /*is_source=*/true) ||
           NumberedSource::query(query);
  }

  GstFlowReturn create(GstBuffer** out) {
    const DiffuseSettings s = settings();
    std::vector<int64_t> indices = numbers().upcoming(s.batch_size);
    if (indices.empty() || is_ending_) return GST_FLOW_EOS;
    if (!announce(stream_of(s, count_of(indices)))) return flow_of_refused_caps(pad());
    if (!client_.follow(ModelPart::kDiffusion, [&](const Progress&) { return goes_on(); }))
      return is_ending_ ? GST_FLOW_EOS : GST_FLOW_FLUSHING;
    if (s.follow_training) kept_ = {};  // of older weights, perhaps
    const SampleRequest request = request_for(s, indices);
    const auto [latents, finished] = unpaused(s, request, indices);
    if (finished < count_of(indices)) {
      if (!is_ending_) return GST_FLOW_FLUSHING;
      if (finished == 0) return GST_FLOW_EOS;
      indices.resize(static_cast<size_t>(finished));
      if (!announce(stream_of(s, finished))) return flow_of_refused_caps(pad());
    }
    *out = buffer_of(s, request.classes, indices, latents);
    numbers().advance_behind(indices.back());
    return GST_FLOW_OK;
  }

 private:
  static int64_t count_of(const std::vector<int64_t>& indices) {
    return static_cast<int64_t>(indices.size());
  }

  Engine& engine() const { return client_.engine(); }

  static NumberedSettings own_images(const DiffuseSettings& s) {
    NumberedSettings own = s;
    if (s.num_images < 0 || s.is_live || s.follow_training) return own;
    const IndexRange block = block_of(shard_of(s.shard), s.num_images);
    own.first_index += block.first;
    own.num_images = block.end - block.first;
    return own;
  }

  TensorStream stream_of(const DiffuseSettings& s, int64_t batch) const {
    TensorStream stream;
    stream.entries = {{engine().info().latent_channels}};
    stream.batch = batch;
    stream.grid = engine().latent().grid();
    stream.rate = multiplied(s.framerate, 1, batch);
    return stream;
  }

  // Sets the caps of the next batch, in tensor memory for a peer that names it.
  bool announce(const TensorStream& stream) {
    if (sent_.entries.size() == stream.entries.size() && sent_ == stream &&
        !gst_pad_check_reconfigure(pad()))
      return true;
    const CapsPtr offered = offered_caps(stream);
    const CapsPtr allowed(gst_pad_peer_query_caps(pad(), offered.get()));
    if (!allowed || gst_caps_is_empty(allowed.get())) {
      const CapsPtr wanted(gst_pad_peer_query_caps(pad(), nullptr));
      throw ShapeError(
          "the element behind svgdiffuse does not take its latents",
          {.expected = stream.text(), .found = caps_text(wanted.get()), .where = "caps"});
    }
    const CapsPtr caps = stream.caps(peer_takes_tensor_memory(pad()));
    if (!gst_base_src_set_caps(source(), caps.get())) return false;
    sent_ = stream;
    return true;
  }

  Tensor read_noise(const DiffuseSettings& s) const {
    const Tensor noise = read_tensor(s.initial_noise, "noise");
    const Grid grid = engine().latent().grid();
    const int64_t channels = engine().info().latent_channels;
    const int64_t wanted = std::max<int64_t>(s.num_images, 1);
    if (noise.rank() != 3 || noise.size(0) < wanted || noise.size(1) != grid.cells() ||
        noise.size(2) != channels || noise.dtype() != DType::kFloat32) {
      throw ShapeError(
          "initial-noise does not fit the model",
          {.expected = "float32 [at least " + std::to_string(wanted) + ", " +
                       std::to_string(grid.cells()) + ", " + std::to_string(channels) + "]",
           .found = dtype_name(noise.dtype()) + (" " + shape_text(noise.shape())),
           .where = s.initial_noise});
    }
    return noise;
  }

  // A flag that is set for as long as this lives.
  class Raised {
   public:
    explicit Raised(std::atomic<bool>& flag) : flag_(flag) { flag_ = true; }
    ~Raised() { flag_ = false; }
    Raised(const Raised&) = delete;
    Raised& operator=(const Raised&) = delete;

   private:
    std::atomic<bool>& flag_;
  };

  bool goes_on() const { return !cancelled() && !is_ending_; }

  struct Sampled {
    Tensor latents;
    int64_t finished = 0;
  };

  // Goes on behind a pause.
  Sampled unpaused(const DiffuseSettings& s, const SampleRequest& request,
                   const std::vector<int64_t>& indices) {
    const Raised sampling(is_sampling_);
    Sampled made;
    do {
      made.latents = sampled(s, request, indices);
      made.finished = made.latents.defined() ? made.latents.size(0) : 0;
    } while (made.finished < count_of(indices) && gate_.wait([this] { return goes_on(); }));
    return made;
  }

  // Latents of the request, fewer when it was cancelled. Those that a flush or a pause left over
  // are not made again.
  Tensor sampled(const DiffuseSettings& s, SampleRequest request,
                 const std::vector<int64_t>& indices) {
    const int64_t kept = kept_.of(request);
    const SampleRequest whole = request;
    const Tensor before = std::exchange(kept_, {}).latents;
    if (kept > 0) request = without_first(request, kept);
    if (s.preview_interval > 0)
      request.preview = [&](const Preview& preview) {
        post_preview(element(), stream_of(s, preview.latents.size(0)), preview,
                     indices[static_cast<size_t>(kept + preview.image)]);
      };
    Tensor latents = engine().sampler().sample(request, [&](const Progress& p) {
      progress_.report(element(), {kept + p.image, p.step, p.steps},
                       indices[static_cast<size_t>(kept + p.image)]);
      return goes_on() && !gate_.is_closed();
    });
    if (kept > 0) latents = latents.defined() ? joined_rows(before.rows(0, kept), latents) : before;
    if (latents.defined() && latents.size(0) < count_of(indices)) kept_ = {whole, latents};
    return latents;
  }

  SampleRequest request_for(const DiffuseSettings& s, const std::vector<int64_t>& indices) const {
    SampleRequest request;
    request.seed = s.seed;
    request.options = s.sampling.over(engine().card().sampling);
    request.normalized = s.normalized;
    request.guidance_model = guidance_model_;
    request.preview_interval = s.preview_interval;
    request.indices = indices;
    if (s.walk != NoiseWalk::kNone) {
      request.noise = walked(s, indices);
      for (int64_t& index : request.indices) index = walk_place(index, s.walk_frames).image;
    }
    for (const int64_t index : request.indices)
      request.classes.push_back(classes_.at(s.seed, index));
    if (noise_.defined()) request.noise = noise_of(s, request.indices);
    return request;
  }

  Tensor walked(const DiffuseSettings& s, const std::vector<int64_t>& frames) const {
    Tensor noise = Tensor::empty(
        DType::kFloat32,
        {count_of(frames), engine().latent().grid().cells(), engine().info().latent_channels});
    for (int64_t k = 0; k < count_of(frames); ++k) {
      const Tensor row = noise.rows(k, 1);
      walk_noise(s.walk, s.seed, walk_place(frames[static_cast<size_t>(k)], s.walk_frames),
                 {row.data_as<float>(), static_cast<size_t>(row.element_count())});
    }
    return noise;
  }

  // The rows of initial-noise that belong to these images.
  Tensor noise_of(const DiffuseSettings& s, const std::vector<int64_t>& indices) const {
    const int64_t last = std::max(indices.front(), indices.back());
    if (last - s.first_index >= noise_.size(0)) {
      throw ShapeError("initial-noise has too few rows: set num-images or give more noise",
                       {.expected = std::to_string(last - s.first_index + 1) + " rows for image " +
                                    std::to_string(last),
                        .found = shape_text(noise_.shape()),
                        .where = s.initial_noise});
    }
    const auto count = static_cast<int64_t>(indices.size());
    Tensor rows = Tensor::empty(noise_.dtype(), {count, noise_.size(1), noise_.size(2)});
    for (int64_t k = 0; k < count; ++k) {
      const Tensor row = noise_.rows(indices[static_cast<size_t>(k)] - s.first_index, 1);
      std::memcpy(rows.rows(k, 1).data(), row.data(), row.byte_count());
    }
    return rows;
  }

  GstBuffer* buffer_of(const DiffuseSettings& s, const std::vector<int64_t>& classes,
                       const std::vector<int64_t>& indices, const Tensor& latents) {
    const std::vector<std::string>& names = engine().card().classes;
    GstBuffer* buffer = gst_buffer_new();
    gst_buffer_append_memory(buffer, tensor_memory_new(latents));
    std::vector<ImageFacts> facts;
    for (size_t i = 0; i < indices.size(); ++i) {
      ImageFacts fact{indices[i], classes[i], s.seed};
      if (s.framerate.is_positive()) {
        fact.pts = numbered_.time_of(fact.index);
        fact.duration = frame_time(1, s.framerate);
      }
      const auto label = static_cast<size_t>(fact.label);
      progress_.finish_image(element(), fact.index, fact.label,
                             label < names.size() ? names[label] : "", fact.seed);
      facts.push_back(fact);
    }
    set_image_facts(buffer, facts);
    stamp(buffer, numbered_, indices.front(), indices.back());
    return buffer;
  }

  ModelClient client_;
  std::shared_ptr<Engine> guidance_model_;  // null: the null class guides
  ClassList classes_;
  NumberedSettings numbered_;
  Tensor noise_;
  SamplingProgress progress_;
  TensorStream sent_;
  UnfinishedBatch kept_;
  PauseGate gate_;
  std::atomic<bool> is_sampling_{false}, is_ending_{false};
};

}  // namespace

bool register_diffuse(GstPlugin* plugin) {
  static const GInterfaceInfo presets = {nullptr, nullptr, nullptr};  // the library's, of files
  if (!g_type_is_a(Glue<Diffuse>::type(), GST_TYPE_PRESET))
    g_type_add_interface_static(Glue<Diffuse>::type(), GST_TYPE_PRESET, &presets);
  return Glue<Diffuse>::register_with(plugin);
}

}  // namespace svgen::gst
