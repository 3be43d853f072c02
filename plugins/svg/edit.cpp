// SPDX-License-Identifier: MIT
// svgedit: latents in, latents out, taken some way back to noise and denoised again.
#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "common/batch_meta.h"
#include "common/latent_query.h"
#include "common/model_transform.h"
#include "common/tensor_memory.h"
#include "common/tensor_stream.h"
#include "svg/edit_settings.h"
#include "svg/elements.h"
#include "svg/guidance_model.h"
#include "svg/mask_pad.h"
#include "svgen/class_list.h"
#include "svgen/error.h"

namespace svgen::gst {
namespace {

class Edit : public ModelTransform<Edit, EditSettings> {
 public:
  static constexpr const char* kTypeName = "GstSvgEdit";
  static constexpr const char* kFactory = "svgedit";
  static constexpr const char* kLongName = "SVG image to image";
  static constexpr const char* kClassification = "Filter/Effect/Tensor";
  static constexpr const char* kDescription =
      "Edits latents: adds noise and denoises them towards a class, everywhere or under a mask";
  static constexpr bool kAsksUpstream = true;

  explicit Edit(gpointer instance) : ModelTransform(instance) {
    gst_base_transform_set_qos_enabled(transform(), TRUE);  // late images are dropped
  }

  static std::vector<Property<Edit>> properties() {
    return joined(model_properties<Edit>(), edit_properties<Edit>());
  }

  static void class_init(GstBaseTransformClass* klass) {
    add_pad_template(klass, "sink", GST_PAD_SINK, kTensorSinkCaps);
    add_pad_template(klass, "src", GST_PAD_SRC, kTensorSourceCaps);
    add_pad_template(klass, kMaskPad, GST_PAD_SINK, kMaskCaps, GST_PAD_REQUEST);
    install_transform_vfuncs(klass);
    klass->start = trampoline<&Edit::start>;
    klass->before_transform = trampoline<&Edit::before_transform>;
    klass->src_event = trampoline<&Edit::src_event>;
    klass->fixate_caps = trampoline<&Edit::fixate_tensor_caps>;
    auto* element = GST_ELEMENT_CLASS(klass);
    element->request_new_pad = trampoline<&Edit::request_new_pad>;
    element->release_pad = [](GstElement* self, GstPad*) { impl_of<Edit>(self)->mask_.release(); };
  }

  GstPad* request_new_pad(GstPadTemplate* pads, const gchar*, const GstCaps*) {
    return mask_.request(pads, kMaskPad);
  }

  gboolean start() {
    images_ = 0;
    forget();
    return TRUE;
  }

  gboolean stop() { return TRUE; }

  void close() {
    guidance_model_.reset();
    ModelTransform::close();
  }

  GstCaps* transform_caps(GstPadDirection direction, GstCaps* caps, GstCaps* filter) {
    if (direction == GST_PAD_SRC) return filtered(template_caps(transform()->sinkpad), filter);
    return source_caps(caps, filter, [&] {
      const TensorStream stream = TensorStream::parse(caps);
      check(stream);
      return offered_caps(stream);
    });
  }

  gboolean set_caps(GstCaps* in, GstCaps*) {
    const EditSettings s = settings();
    const Card& card = engine().card();
    stream_ = TensorStream::parse(in);
    check(stream_);
    origin_.run(element(), transform()->sinkpad, card);
    validate(s.sampling.over(card.sampling));
    classes_.reset();
    if (!s.classes.empty())
      classes_ = ClassList::parse(s.classes, engine().info().classes, card.classes);
    guidance_model_ = open_guidance_model(s.guidance_model, card, s);
    forget();
    return TRUE;
  }

  gboolean sink_event(GstEvent* event) {
    switch (GST_EVENT_TYPE(event)) {
      case GST_EVENT_FLUSH_STOP:
        if (const auto pad = mask_.get()) pad->forget();
        forget();
        break;
      case GST_EVENT_GAP:
        forget();
        break;
      default:
        break;
    }
    return pass_on(EventPtr(event));
  }

  // A seek goes to where the masks come from, too; a still picture refuses it.
  gboolean src_event(GstEvent* event) {
    const auto pad = mask_.get();
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEEK && pad)
      gst_pad_push_event(pad->pad(), gst_event_ref(event));
    return Glue<Edit>::parent()->src_event(transform(), event);
  }

  // Sees every image, those that are too late, too.
  void before_transform(GstBuffer* input) {
    drive_properties(input);
    if (const auto pad = mask_.get()) pad->reach(running_time(GST_BUFFER_PTS(input)));
  }

  GstFlowReturn generate_output(GstBuffer** out) {
    BufferPtr input = take_input();
    if (!input) return GST_FLOW_OK;
    if (is_elsewhere(input.get())) forget();
    const EditSettings s = settings();
    const std::vector<Tensor> tensors = tensors_of(input.get(), stream_);
    std::vector<ImageFacts> facts = image_facts(input.get(), static_cast<size_t>(stream_.batch));
    take_labels(tensors, facts);
    SampleRequest request = request_for(s, facts, tensors[0]);
    images_ += stream_.batch;
    if (s.strength < kLeastStrength) {
      remember(s, tensors[0].rows(stream_.batch - 1, 1));
      *out = input.release();
      return GST_FLOW_OK;
    }
    if (!add_mask(s, facts, GST_BUFFER_PTS(input.get()), request)) return GST_FLOW_FLUSHING;
    const Tensor edited = engine().sampler().sample(request, keep_going());
    if (!edited.defined() || edited.size(0) < stream_.batch) return GST_FLOW_FLUSHING;
    const Tensor latents = s.blend > 0 ? to_host(edited) : edited;
    blend(s, request.source.mask, latents);
    BufferPtr output(gst_buffer_new());
    gst_buffer_append_memory(output.get(), tensor_memory_new(latents));
    if (tensors.size() > 1)
      gst_buffer_append_memory(output.get(), tensor_memory_new(labels_of(facts)));
    gst_buffer_copy_into(
        output.get(), input.get(),
        static_cast<GstBufferCopyFlags>(GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS), 0, -1);
    set_image_facts(output.get(), facts);
    *out = output.release();
    return GST_FLOW_OK;
  }

 private:
  static constexpr const char* kMaskPad = "mask";

  // Whether images begin somewhere else: those that were dropped on the way leave a shorter gap.
  bool is_elsewhere(GstBuffer* input) {
    constexpr GstClockTime kLongestGap = GST_SECOND;
    const GstClockTime now = GST_BUFFER_PTS(input), before = std::exchange(latest_time_, now);
    if (!GST_BUFFER_IS_DISCONT(input)) return false;
    return !GST_CLOCK_TIME_IS_VALID(now) || !GST_CLOCK_TIME_IS_VALID(before) || now < before ||
           now - before > kLongestGap;
  }

  // The labels of a stream that has them as a tensor, where the images bring none themselves.
  static void take_labels(const std::vector<Tensor>& tensors, std::vector<ImageFacts>& facts) {
    if (tensors.size() < 2) return;
    const Tensor labels = to_host(tensors[1]);
    for (size_t i = 0; i < facts.size(); ++i)
      if (facts[i].label < 0) facts[i].label = labels.data_as<int64_t>()[i];
  }

  // The stream's history ends: blending starts anew.
  void forget() { latest_ = {}; }

  // Whoever gets the buffer may write to it.
  void remember(const EditSettings& s, const Tensor& image) {
    latest_ = {};
    if (s.blend <= 0) return;
    const Tensor host = to_host(image);
    latest_ = Tensor::empty(host.dtype(), host.shape());
    std::memcpy(latest_.data(), host.data(), host.byte_count());
  }

  void check(const TensorStream& stream) const {
    const ModelInfo& info = engine().info();
    const LatentSpec& latent = engine().latent();
    require_sampler(engine());
    const bool is_unaligned = stream.entries.size() == 2 && !stream.entries[1].is_label;
    const std::string wanted = std::to_string(info.latent_channels) + ":" +
                               std::to_string(latent.grid().cells()) + ":BATCH (" +
                               std::to_string(latent.grid().height) + "x" +
                               std::to_string(latent.grid().width) + " cells, float32)";
    if (is_unaligned)
      throw ShapeError("svgedit needs latents, not separate features: insert svgalign",
                       {.expected = wanted, .found = stream.text(), .where = "caps"});
    if (stream.entries[0].channels == info.latent_channels && stream.grid == latent.grid() &&
        stream.entries[0].dtype == DType::kFloat32)
      return;
    throw ShapeError(
        "the model generates latents of one size alone: put \"videoscale ! video/x-raw,width=" +
            std::to_string(latent.picture_width()) +
            ",height=" + std::to_string(latent.picture_height()) +
            "\" in front of svgencode, and give all elements the same model",
        {.expected = wanted, .found = stream.text(), .where = engine().card().path.string()});
  }

  // Takes what control sources say for the time at which the images are shown.
  void drive_properties(GstBuffer* input) {
    const GstSegment& segment = transform()->segment;
    if (segment.format != GST_FORMAT_TIME || !GST_BUFFER_PTS_IS_VALID(input)) return;
    const GstClockTime time =
        gst_segment_to_stream_time(&segment, GST_FORMAT_TIME, GST_BUFFER_PTS(input));
    if (GST_CLOCK_TIME_IS_VALID(time)) gst_object_sync_values(GST_OBJECT_CAST(element()), time);
  }

  int64_t class_of(const EditSettings& s, int64_t index, int64_t label) const {
    if (s.label != kUseClasses) return s.label;
    if (classes_) return classes_->at(s.seed, index);
    return label >= 0 ? label : kNoClass;
  }

  // The facts become those of the edited images.
  SampleRequest request_for(const EditSettings& s, std::vector<ImageFacts>& facts,
                            const Tensor& latents) const {
    SampleRequest request;
    request.seed = s.seed;
    request.options = s.sampling.over(engine().card().sampling);
    request.normalized = s.normalized;
    request.guidance_model = guidance_model_;
    request.source = {latents, s.strength, {}};
    for (size_t i = 0; i < facts.size(); ++i) {
      int64_t& index = facts[i].index;
      if (index < 0) index = images_ + static_cast<int64_t>(i);
      request.indices.push_back(s.noise == EditNoise::kFixed ? 0 : index);
      request.classes.push_back(class_of(s, index, facts[i].label));
      if (request.classes.back() != kNoClass) facts[i].label = request.classes.back();
      facts[i].seed = s.seed;
    }
    return request;
  }

  GstClockTime running_time(GstClockTime pts) const {
    return running_time_of(transform()->segment, pts);
  }

  // False when the stream ended while it waited for a mask.
  bool add_mask(const EditSettings& s, const std::vector<ImageFacts>& facts, GstClockTime pts,
                SampleRequest& request) const {
    const std::shared_ptr<MaskPad> pad = mask_.get();
    if (!pad) return true;
    const auto goes_on = [going = keep_going()] { return going({}); };
    const Tensor all = Tensor::empty(DType::kFloat32, {stream_.batch, stream_.grid.cells()});
    float* out = all.data_as<float>();
    for (const ImageFacts& image : facts) {
      const GstClockTime time = running_time(GST_CLOCK_TIME_IS_VALID(image.pts) ? image.pts : pts);
      const std::vector<float> shown = pad->at(time, stream_.grid, /*newest=*/is_live(), goes_on);
      if (shown.empty()) return pad->is_released();
      const std::vector<float> cells = blurred(shown, stream_.grid, s.mask_blur);
      out = std::copy(cells.begin(), cells.end(), out);
    }
    request.source.mask = all;
    return true;
  }

  // (1 - share) z + share z_latest of each image in turn, the share times the mask where there is
  // one, so that what is kept stays.
  void blend(const EditSettings& s, const Tensor& mask, const Tensor& latents) {
    const int64_t cells = latents.size(1), channels = latents.size(2);
    for (int64_t n = 0; n < latents.size(0); ++n) {
      const Tensor image = latents.rows(n, 1);
      if (s.blend > 0 && latest_.defined()) {
        float* values = image.data_as<float>();
        const float* before = latest_.data_as<float>();
        for (int64_t i = 0; i < cells * channels; ++i) {
          const float edited = mask.defined() ? mask.data_as<float>()[n * cells + i / channels] : 1;
          const float share = static_cast<float>(s.blend) * edited;
          values[i] = (1 - share) * values[i] + share * before[i];
        }
      }
      remember(s, image);
    }
  }

  LatentOriginCheck origin_;
  RequestedPad<MaskPad> mask_{element()};
  std::shared_ptr<Engine> guidance_model_;
  std::optional<ClassList> classes_;
  TensorStream stream_;
  Tensor latest_;  // edited, (1, T, C)
  GstClockTime latest_time_ = GST_CLOCK_TIME_NONE;
  int64_t images_ = 0;  // that came
};

}  // namespace

bool register_edit(GstPlugin* plugin) {
  return Glue<Edit>::register_with(plugin);
}

}  // namespace svgen::gst
