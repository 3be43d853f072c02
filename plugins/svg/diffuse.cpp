// SPDX-License-Identifier: MIT
// svgdiffuse: class-conditional latents out of nothing, each a function of (seed, index).
#include <gst/base/gstpushsrc.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "common/batch_meta.h"
#include "common/element.h"
#include "common/model_client.h"
#include "common/tensor_memory.h"
#include "common/tensor_stream.h"
#include "common/video_frames.h"
#include "svg/diffuse_settings.h"
#include "svg/elements.h"
#include "svg/sampling_progress.h"
#include "svgen/class_list.h"
#include "svgen/error.h"

namespace svgen::gst {
namespace {

class Diffuse : public ElementImpl<DiffuseSettings> {
 public:
  using Base = GstPushSrc;
  using BaseClass = GstPushSrcClass;

  static constexpr const char* kTypeName = "GstSvgDiffuse";
  static constexpr const char* kFactory = "svgdiffuse";
  static constexpr const char* kLongName = "SVG diffusion transformer";
  static constexpr const char* kClassification = "Source/Tensor";
  static constexpr const char* kDescription =
      "Generates class-conditional latents; an image depends on its seed and index alone";

  explicit Diffuse(gpointer instance) : ElementImpl(instance) {}

  static GType parent_type() { return GST_TYPE_PUSH_SRC; }

  static std::vector<Property<Diffuse>> properties() {
    return joined(joined(model_properties<Diffuse>(), diffuse_properties<Diffuse>()),
                  follow_property<Diffuse>());
  }

  static void class_init(GstPushSrcClass* klass) {
    add_pad_template(klass, "src", GST_PAD_SRC, kTensorSourceCaps);
    auto* source = GST_BASE_SRC_CLASS(klass);
    source->start = thunk<&Diffuse::start>;
    source->stop = thunk<&Diffuse::stop>;
    source->get_caps = thunk<&Diffuse::get_caps>;
    source->negotiate = thunk<&Diffuse::negotiate>;
    source->is_seekable = thunk<&Diffuse::is_seekable>;
    source->do_seek = thunk<&Diffuse::do_seek>;
    source->query = thunk<&Diffuse::query>;
    source->unlock = thunk<&Diffuse::unlock>;
    source->unlock_stop = thunk<&Diffuse::unlock_stop>;
    source->get_times = [](GstBaseSrc* self, GstBuffer* buffer, GstClockTime* start,
                           GstClockTime* end) {
      // A live source shows an image when its time has come.
      const bool timed = gst_base_src_is_live(self) && GST_BUFFER_PTS_IS_VALID(buffer);
      *start = timed ? GST_BUFFER_PTS(buffer) : GST_CLOCK_TIME_NONE;
      *end = GST_CLOCK_TIME_NONE;
    };
    klass->create = thunk<&Diffuse::create>;
  }

  void open() {
    const DiffuseSettings s = settings();
    client_.open(element(), nullptr, s);
    if (!client_.engine().info().has_sampler) {
      throw ConfigurationError("the model cannot generate: use a card with \"diffusion\"",
                               {"diffusion", "none", client_.engine().card().path.string()});
    }
    gst_base_src_set_live(source(), s.is_live);
    gst_base_src_set_do_timestamp(source(), s.is_live && !s.framerate.is_positive());
    gst_base_src_set_format(
        source(), s.framerate.is_positive() || s.is_live ? GST_FORMAT_TIME : GST_FORMAT_DEFAULT);
  }

  void close() { client_.close(); }
  StructurePtr model_statistics() const { return client_.statistics(); }

  gboolean start() {
    const DiffuseSettings s = settings();
    const Card& card = engine().card();
    validate(s.sampling.over(card.sampling));
    classes_ = ClassList::parse(s.classes, engine().info().classes, card.classes);
    noise_ = s.initial_noise.empty() ? Tensor() : read_noise(s);
    next_ = s.first_index;
    progress_.begin(s.num_images);
    return TRUE;
  }

  gboolean stop() {
    noise_ = {};
    sent_ = {};
    return TRUE;
  }

  GstCaps* get_caps(GstCaps* filter) {
    const CapsPtr caps = client_.is_open()
                             ? offered_caps(stream_of(settings(), settings().batch_size))
                             : CapsPtr(gst_pad_get_pad_template_caps(pad()));
    return filter == nullptr
               ? gst_caps_ref(caps.get())
               : gst_caps_intersect_full(filter, caps.get(), GST_CAPS_INTERSECT_FIRST);
  }

  gboolean negotiate() {
    const DiffuseSettings s = settings();
    sent_ = {};  // downstream has changed
    return announce(stream_of(s, std::max<int64_t>(1, next_count(s))));
  }

  gboolean is_seekable() { return TRUE; }

  // DEFAULT counts images by absolute index, TIME from the first image. Backwards the last image
  // comes first.
  gboolean do_seek(GstSegment* segment) {
    const DiffuseSettings s = settings();
    const bool timed = segment->format == GST_FORMAT_TIME;
    const bool open = !GST_CLOCK_TIME_IS_VALID(segment->stop);
    const bool backwards = segment->rate < 0;
    if (timed && !s.framerate.is_positive() && (backwards || segment->position != 0)) return FALSE;
    if (backwards && open && s.num_images < 0) return FALSE;  // no last image to start from
    backwards_ = backwards;
    low_ = std::max(s.first_index, image_at(s, segment->format, segment->start));
    end_ = open ? -1 : image_at(s, segment->format, segment->stop);
    if (backwards) {
      const int64_t last = s.num_images < 0 ? end_ : s.first_index + s.num_images;
      next_ = (open ? last : std::min(end_, last)) - 1;
      // Time that runs backwards needs a place to start from.
      if (open) segment->stop = timed ? time_of(s, last) : static_cast<guint64>(last);
    } else {
      next_ = std::max(s.first_index, image_at(s, segment->format, segment->position));
    }
    return TRUE;
  }

  gboolean query(GstQuery* query) {
    const DiffuseSettings s = settings();
    if (answer_model_query(query, s, /*is_source=*/true)) return TRUE;
    if (GST_QUERY_TYPE(query) == GST_QUERY_CONVERT && convert(s, query)) return TRUE;
    if (GST_QUERY_TYPE(query) == GST_QUERY_DURATION && s.num_images >= 0) {
      GstFormat format;
      gst_query_parse_duration(query, &format, nullptr);
      if (format == GST_FORMAT_DEFAULT) {
        gst_query_set_duration(query, format, s.first_index + s.num_images);
        return TRUE;
      }
      if (format == GST_FORMAT_TIME && s.framerate.is_positive()) {
        gst_query_set_duration(
            query, format,
            static_cast<gint64>(frame_time(static_cast<uint64_t>(s.num_images), s.framerate)));
        return TRUE;
      }
    }
    return GST_BASE_SRC_CLASS(Glue<Diffuse>::parent())->query(source(), query);
  }

  gboolean unlock() {
    cancelled_ = true;
    return TRUE;
  }

  gboolean unlock_stop() {
    cancelled_ = false;
    return TRUE;
  }

  GstFlowReturn create(GstBuffer** out) {
    const DiffuseSettings s = settings();
    const int64_t count = next_count(s);
    if (count <= 0) return GST_FLOW_EOS;
    if (!announce(stream_of(s, count))) return flow_of_refused_caps(pad());
    if (!engine().sampler().follow_training([&](const Progress&) { return !cancelled_; })) {
      return GST_FLOW_FLUSHING;
    }
    const SampleRequest request = request_for(s, count);
    const Tensor latents = engine().sampler().sample(request, [&](const Progress& p) {
      progress_.report(element(), {p.image, p.step, p.steps},
                       request.indices[static_cast<size_t>(p.image)]);
      return !cancelled_;
    });
    if (!latents.defined()) return GST_FLOW_FLUSHING;
    *out = buffer_of(s, request, latents);
    next_ += backwards_ ? -count : count;
    return GST_FLOW_OK;
  }

 private:
  // Between image index and time; other conversions are the base class's business.
  bool convert(const DiffuseSettings& s, GstQuery* query) const {
    GstFormat from, to;
    gint64 value = 0;
    gst_query_parse_convert(query, &from, &value, &to, nullptr);
    if (value < 0 || !s.framerate.is_positive()) return false;
    if (from == GST_FORMAT_DEFAULT && to == GST_FORMAT_TIME) {
      gst_query_set_convert(query, from, value, to,
                            static_cast<gint64>(time_of(s, std::max(value, s.first_index))));
    } else if (from == GST_FORMAT_TIME && to == GST_FORMAT_DEFAULT) {
      gst_query_set_convert(query, from, value, to, image_at(s, from, static_cast<guint64>(value)));
    } else {
      return false;
    }
    return true;
  }

  GstBaseSrc* source() const { return GST_BASE_SRC_CAST(element()); }
  GstPad* pad() const { return GST_BASE_SRC_PAD(source()); }
  Engine& engine() const { return client_.engine(); }

  // Images of the next batch; 0 at the end.
  int64_t next_count(const DiffuseSettings& s) const {
    int64_t count = s.batch_size;
    if (backwards_) return std::clamp<int64_t>(next_ + 1 - low_, 0, count);
    if (s.num_images >= 0) count = std::min(count, s.first_index + s.num_images - next_);
    if (end_ >= 0) count = std::min(count, end_ - next_);
    return std::max<int64_t>(0, count);
  }

  int64_t image_at(const DiffuseSettings& s, GstFormat format, guint64 position) const {
    if (format != GST_FORMAT_TIME) return static_cast<int64_t>(position);
    if (!s.framerate.is_positive()) return s.first_index;
    return s.first_index + static_cast<int64_t>(gst_util_uint64_scale_round(
                               position, static_cast<guint64>(s.framerate.numerator),
                               static_cast<guint64>(s.framerate.denominator) * GST_SECOND));
  }

  TensorStream stream_of(const DiffuseSettings& s, int64_t batch) const {
    TensorStream stream;
    stream.entries = {{engine().info().latent_channels}};
    stream.batch = batch;
    stream.grid = engine().card().grid;
    stream.rate = multiplied(s.framerate, 1, batch);
    return stream;
  }

  // Sets the caps of the next batch, in tensor memory for a peer that names it.
  bool announce(const TensorStream& stream) {
    if (sent_.entries.size() == stream.entries.size() && sent_ == stream &&
        !gst_pad_check_reconfigure(pad())) {
      return true;
    }
    const CapsPtr offered = offered_caps(stream);
    const CapsPtr allowed(gst_pad_peer_query_caps(pad(), offered.get()));
    if (!allowed || gst_caps_is_empty(allowed.get())) {
      const CapsPtr wanted(gst_pad_peer_query_caps(pad(), nullptr));
      throw ShapeError("the element behind svgdiffuse does not take its latents",
                       {stream.text(), caps_text(wanted.get()), "caps"});
    }
    const CapsPtr caps = stream.caps(peer_takes_tensor_memory(pad()));
    if (!gst_base_src_set_caps(source(), caps.get())) return false;
    sent_ = stream;
    return true;
  }

  Tensor read_noise(const DiffuseSettings& s) const {
    const Tensor noise = read_tensor(s.initial_noise, "noise");
    const Grid& grid = engine().card().grid;
    const int64_t channels = engine().info().latent_channels;
    const int64_t wanted = std::max<int64_t>(s.num_images, 1);
    if (noise.rank() != 3 || noise.size(0) < wanted || noise.size(1) != grid.tokens() ||
        noise.size(2) != channels || noise.dtype() != DType::kFloat32) {
      throw ShapeError(
          "initial-noise does not fit the model",
          {"float32 [at least " + std::to_string(wanted) + ", " + std::to_string(grid.tokens()) +
               ", " + std::to_string(channels) + "]",
           dtype_name(noise.dtype()) + (" " + shape_text(noise.shape())), s.initial_noise});
    }
    return noise;
  }

  SampleRequest request_for(const DiffuseSettings& s, int64_t count) const {
    SampleRequest request;
    request.seed = s.seed;
    request.options = s.sampling.over(engine().card().sampling);
    request.normalized = s.normalized;
    for (int64_t k = 0; k < count; ++k) {
      const int64_t index = backwards_ ? next_ - k : next_ + k;
      request.indices.push_back(index);
      request.classes.push_back(classes_.at(s.seed, index));
    }
    if (noise_.defined()) request.noise = noise_of(s, request.indices);
    return request;
  }

  // The rows of initial-noise that belong to these images.
  Tensor noise_of(const DiffuseSettings& s, const std::vector<int64_t>& indices) const {
    const int64_t last = *std::max_element(indices.begin(), indices.end());
    if (last - s.first_index >= noise_.size(0)) {
      throw ShapeError(
          "initial-noise has too few rows: set num-images or give more noise",
          {std::to_string(last - s.first_index + 1) + " rows for image " + std::to_string(last),
           shape_text(noise_.shape()), s.initial_noise});
    }
    const auto count = static_cast<int64_t>(indices.size());
    Tensor rows = Tensor::empty(noise_.dtype(), {count, noise_.size(1), noise_.size(2)});
    for (int64_t k = 0; k < count; ++k) {
      const Tensor row = noise_.rows(indices[static_cast<size_t>(k)] - s.first_index, 1);
      std::memcpy(rows.rows(k, 1).data(), row.data(), row.byte_count());
    }
    return rows;
  }

  GstBuffer* buffer_of(const DiffuseSettings& s, const SampleRequest& request,
                       const Tensor& latents) {
    const auto count = static_cast<int64_t>(request.indices.size());
    const std::vector<std::string>& names = engine().card().classes;
    GstBuffer* buffer = gst_buffer_new();
    gst_buffer_append_memory(buffer, tensor_memory_new(latents));
    std::vector<ImageFacts> facts;
    for (size_t i = 0; i < request.indices.size(); ++i) {
      ImageFacts fact{request.indices[i], request.classes[i], request.seed};
      if (s.framerate.is_positive()) {
        fact.pts = time_of(s, fact.index);
        fact.duration = frame_time(1, s.framerate);
      }
      const auto label = static_cast<size_t>(fact.label);
      progress_.finish_image(element(), fact.index, fact.label,
                             label < names.size() ? names[label] : "", fact.seed);
      facts.push_back(fact);
    }
    set_image_facts(buffer, facts);
    const int64_t lowest = std::min(request.indices.front(), request.indices.back());
    GST_BUFFER_OFFSET(buffer) = static_cast<guint64>(lowest);
    GST_BUFFER_OFFSET_END(buffer) = static_cast<guint64>(lowest + count);
    if (s.framerate.is_positive()) {
      GST_BUFFER_PTS(buffer) = time_of(s, lowest);
      GST_BUFFER_DURATION(buffer) = time_of(s, lowest + count) - GST_BUFFER_PTS(buffer);
    }
    return buffer;
  }

  static GstClockTime time_of(const DiffuseSettings& s, int64_t index) {
    return frame_time(static_cast<uint64_t>(index - s.first_index), s.framerate);
  }

  ModelClient client_;
  ClassList classes_;
  Tensor noise_;
  SamplingProgress progress_;
  TensorStream sent_;
  int64_t next_ = 0;
  int64_t low_ = 0, end_ = -1;  // of the segment; -1: none
  bool backwards_ = false;
  std::atomic<bool> cancelled_{false};
};

}  // namespace

bool register_diffuse(GstPlugin* plugin) {
  static const GInterfaceInfo presets = {nullptr, nullptr, nullptr};  // the library's, of files
  if (!g_type_is_a(Glue<Diffuse>::type(), GST_TYPE_PRESET))
    g_type_add_interface_static(Glue<Diffuse>::type(), GST_TYPE_PRESET, &presets);
  return Glue<Diffuse>::register_with(plugin);
}

}  // namespace svgen::gst
