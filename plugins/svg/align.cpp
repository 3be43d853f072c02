// SPDX-License-Identifier: MIT
// svgalign: joins semantic and residual features into the latent.
#include "common/batch_meta.h"
#include "common/latent_query.h"
#include "common/model_transform.h"
#include "common/tensor_memory.h"
#include "common/tensor_stream.h"
#include "svg/elements.h"
#include "svg/enums.h"
#include "svgen/error.h"

namespace svgen::gst {
namespace {

struct AlignSettings : ModelSettings {
  AlignmentMode statistics = AlignmentMode::kAuto;
  bool normalize = false;
  bool labels = false;
};

class Align : public ModelTransform<Align, AlignSettings> {
 public:
  static constexpr const char* kTypeName = "GstSvgAlign";
  static constexpr const char* kFactory = "svgalign";
  static constexpr const char* kLongName = "SVG distribution alignment";
  static constexpr const char* kClassification = "Filter/Converter/Tensor";
  static constexpr const char* kDescription =
      "Aligns residual features with semantic ones and joins them into the latent";
  static constexpr bool kAsksUpstream = true;

  using ModelTransform::ModelTransform;

  static std::vector<Property<Align>> properties() {
    return joined(
        model_properties<Align>(),
        {field<Align>(&AlignSettings::statistics,
                      {.name = "statistics",
                       .blurb = "Where mean and deviation of the alignment come from",
                       .when = Mutable::kPlaying}),
         field<Align>(&AlignSettings::normalize,
                      {.name = "normalize",
                       .blurb = "Emit (z - mean) / std per channel, with the card's statistics"}),
         field<Align>(
             &AlignSettings::labels,
             {.name = "labels", .blurb = "Append the images' labels as a second tensor (int64)"})});
  }

  static void class_init(GstBaseTransformClass* klass) {
    add_pad_template(klass, "sink", GST_PAD_SINK, kTensorSinkCaps);
    add_pad_template(klass, "src", GST_PAD_SRC, kTensorSourceCaps);
    install_transform_vfuncs(klass);
    klass->fixate_caps = trampoline<&Align::fixate_tensor_caps>;
  }

  GstCaps* transform_caps(GstPadDirection direction, GstCaps* caps, GstCaps* filter) {
    if (direction == GST_PAD_SRC) return filtered(template_caps(transform()->sinkpad), filter);
    return source_caps(caps, filter,
                       [&] { return offered_caps(latent_stream(TensorStream::parse(caps))); });
  }

  gboolean set_caps(GstCaps* in, GstCaps*) {
    input_ = TensorStream::parse(in);
    output_ = latent_stream(input_);
    check_origin(transform()->sinkpad, engine().card());
    return TRUE;
  }

  GstFlowReturn generate_output(GstBuffer** out) {
    const BufferPtr input = take_input();
    if (!input) return GST_FLOW_OK;
    const AlignSettings s = settings();
    const std::vector<Tensor> tensors = tensors_of(input.get(), input_);
    const Tensor residual = tensors.size() > 1 ? tensors[1] : Tensor();
    const Tensor latent = engine().aligner().align(tensors[0], residual, s.statistics, s.normalize);
    const std::vector<ImageFacts> facts =
        image_facts(input.get(), static_cast<size_t>(output_.batch));
    BufferPtr output(gst_buffer_new());
    gst_buffer_append_memory(output.get(), tensor_memory_new(latent));
    if (s.labels) gst_buffer_append_memory(output.get(), tensor_memory_new(labels_of(facts)));
    gst_buffer_copy_into(output.get(), input.get(), GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
    set_image_facts(output.get(), facts);
    *out = output.release();
    return GST_FLOW_OK;
  }

  gboolean sink_event(GstEvent* event) { return pass_on(EventPtr(event)); }

  gboolean stop() { return TRUE; }

 private:
  TensorStream latent_stream(const TensorStream& input) const {
    const ModelInfo& info = engine().info();
    int64_t channels = 0;
    for (const TensorStream::Entry& entry : input.entries) channels += entry.channels;
    const size_t wanted = info.residual_channels > 0 ? 2 : 1;
    if (input.entries.size() != wanted || channels != info.latent_channels ||
        input.entries[0].channels != info.semantic_channels) {
      throw ShapeError(
          "svgalign needs the features of svgencode features=both from the same model",
          {.expected = wanted == 2
                           ? std::to_string(info.semantic_channels) + " semantic and " +
                                 std::to_string(info.residual_channels) + " residual channels"
                           : std::to_string(info.semantic_channels) + " semantic channels",
           .found = input.text(),
           .where = "caps"});
    }
    TensorStream output = input;
    output.entries = {{channels, DType::kFloat32, false}};
    if (settings().labels) output.entries.push_back({1, DType::kInt64, true});
    return output;
  }

  TensorStream input_, output_;
};

}  // namespace

bool register_align(GstPlugin* plugin) {
  return Glue<Align>::register_with(plugin);
}

}  // namespace svgen::gst
