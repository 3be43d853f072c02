// SPDX-License-Identifier: MIT
// svgtrainencoder: the semantic encoder from nothing, by self-distillation on video frames.
#include "svgtrain/elements.h"
#include "svgtrain/frame_sink.h"

namespace svgen::gst {
namespace {

struct EncoderSettings : TrainSettings {
  EncoderOptions options;
};

class EncoderSink : public FrameSink<EncoderSink, EncoderSettings, EncoderTrainer> {
 public:
  static constexpr auto kOptions = &EncoderSettings::options;

  static constexpr const char* kTypeName = "GstSvgTrainEncoder";
  static constexpr const char* kFactory = "svgtrainencoder";
  static constexpr const char* kLongName = "SVG encoder trainer";
  static constexpr const char* kClassification = "Sink/Trainer/Video";
  static constexpr const char* kDescription =
      "Trains an encoder of DINOv3's architecture by self-distillation, with labels if asked";

  using FrameSink::FrameSink;

  static std::vector<Property<EncoderSink>> properties() {
    return joined(train_properties<EncoderSink>(kOptions),
                  joined(view_properties(), joined(teacher_properties(), head_properties())));
  }

  void check_format(const GstVideoInfo&) const {}  // views are cropped from any size

  static TrainReport train_on(EncoderTrainer& trainer, const FrameBatch& batch) {
    return trainer.train(batch.images, batch.labels, batch.indices);
  }

 private:
  using O = EncoderOptions;

  template <typename T>
  static Property<EncoderSink> option(T O::*member, const PropertyText<T>& text) {
    return option_field<EncoderSink>(kOptions, member, text);
  }

  // Both kinds of views, each with properties of its own for the crop; the colours are shared.
  static Property<EncoderSink> view_option(std::vector<AugmentOptions O::*> views,
                                           double AugmentOptions::*member,
                                           const PropertyText<double>& text) {
    const auto first = views.front();
    return {[=] { return ValueTraits<double>::spec(text, (EncoderOptions{}.*first).*member); },
            [=](EncoderSink& impl, const GValue* value) {
              impl.change_settings([&](EncoderSettings& s) {
                for (const auto view : views) (s.options.*view).*member = g_value_get_double(value);
              });
            },
            [=](EncoderSink& impl, GValue* value) {
              g_value_set_double(value, (impl.settings().options.*first).*member);
            }};
  }

  static std::vector<Property<EncoderSink>> view_properties() {
    using A = AugmentOptions;
    const auto global = &O::global_view, local = &O::local_view;
    const std::vector<A O::*> both = {global, local};
    return {
        view_option({global}, &A::smallest_crop,
                    {"global-smallest", "Smallest global crop, of the picture's area", 0, 1}),
        view_option({global}, &A::largest_crop, {"global-largest", "Largest global crop", 0, 1}),
        view_option({local}, &A::smallest_crop, {"local-smallest", "Smallest local crop", 0, 1}),
        view_option({local}, &A::largest_crop, {"local-largest", "Largest local crop", 0, 1}),
        option(&O::local_views, PropertyText<int64_t>{"local-views", "Local views (0: none)", 0}),
        option(&O::local_size, PropertyText<int64_t>{"local-size",
                                                     "Side of a local view in pixels (0: half the "
                                                     "model's)",
                                                     0}),
        view_option(both, &A::jitter_share,
                    {"jitter-share", "Share of views whose colours change", 0, 1}),
        view_option(both, &A::brightness, {"brightness", "Largest relative change", 0, 1}),
        view_option(both, &A::contrast, {"contrast", "Largest relative change", 0, 1}),
        view_option(both, &A::saturation, {"saturation", "Largest relative change", 0, 1}),
        view_option(both, &A::hue, {"hue", "Largest turn, 0.5 is every hue", 0, 0.5}),
        view_option(both, &A::grey_share, {"grey-share", "Share of views without colour", 0, 1}),
        view_option(both, &A::blur_share, {"blur-share", "Share of blurred views", 0, 1}),
        view_option(
            both, &A::coarse_share,
            {"coarse-share", "Share of views of a half to a quarter of the resolution", 0, 1}),
        view_option(both, &A::noise,
                    {"noise", "Largest deviation of Gaussian noise, in levels", 0, 255}),
    };
  }

  static std::vector<Property<EncoderSink>> teacher_properties() {
    return {
        option(&O::view_token, PropertyText<ViewToken>{"view-token", "What of a view is scored"}),
        option(&O::targets,
               PropertyText<TeacherTargets>{"targets", "What keeps the targets from collapsing"}),
        option(&O::sinkhorn_steps,
               PropertyText<int64_t>{
                   "sinkhorn-steps",
                   "First steps with Sinkhorn's targets, whatever the targets are", 0}),
        option(&O::teacher_temperature,
               PropertyText<double>{"teacher-temperature", "Sharpness of the targets", 0.02, 10}),
        option(&O::student_temperature,
               PropertyText<double>{"student-temperature", "Sharpness of the student", 0.02, 10}),
        option(&O::patch_weight, PropertyText<double>{"patch-weight",
                                                      "Weight of the masked patches' term (0: no "
                                                      "masks)",
                                                      0}),
        option(&O::mask_share,
               PropertyText<double>{"mask-share", "Largest share of masked patches", 0, 1}),
        option(&O::label_weight, PropertyText<double>{"label-weight",
                                                      "Weight of a classifier's term (0: no label "
                                                      "enters)",
                                                      0}),
    };
  }

  static std::vector<Property<EncoderSink>> head_properties() {
    return {
        option(&O::prototypes, PropertyText<int64_t>{"prototypes", "Prototypes of the head", 2}),
        option(&O::head_width, PropertyText<int64_t>{"head-width", "Hidden width of the head", 1}),
        option(&O::head_bottleneck,
               PropertyText<int64_t>{"head-bottleneck", "Width before the prototypes", 1}),
        option(&O::layer_scale, PropertyText<double>{"layer-scale", "First LayerScale", 0, 1000}),
        option(&O::weight_decay,
               PropertyText<double>{"weight-decay", "Decoupled weight decay of AdamW", 0}),
    };
  }
};

}  // namespace

bool register_encoder_trainer(GstPlugin* plugin) {
  return Glue<EncoderSink>::register_with(plugin);
}

}  // namespace svgen::gst
