// SPDX-License-Identifier: MIT
// svgtrainautoencoder: phase 1, the residual encoder and the decoder, from video frames.
#include "svgtrain/elements.h"
#include "svgtrain/frame_sink.h"

namespace svgen::gst {
namespace {

struct AutoencoderSettings : TrainSettings {
  AutoencoderOptions options;
};

class AutoencoderSink : public FrameSink<AutoencoderSink, AutoencoderSettings, AutoencoderTrainer> {
 public:
  static constexpr auto kOptions = &AutoencoderSettings::options;

  static constexpr const char* kTypeName = "GstSvgTrainAutoencoder";
  static constexpr const char* kFactory = "svgtrainautoencoder";
  static constexpr const char* kLongName = "SVG autoencoder trainer";
  static constexpr const char* kClassification = "Sink/Trainer/Video";
  static constexpr const char* kDescription =
      "Trains a residual encoder and a decoder around a frozen encoder, or an encoder with "
      "Gaussian latents and its decoder (phase 1)";

  using FrameSink::FrameSink;

  static std::vector<Property<AutoencoderSink>> properties() {
    return joined(train_properties<AutoencoderSink>(kOptions),
                  joined(loss_properties(), gaussian_properties()));
  }

  static TrainReport train_on(AutoencoderTrainer& trainer, const FrameBatch& batch) {
    return trainer.train(batch.images, batch.indices);
  }

  void check_format(const GstVideoInfo& info) const {
    const Card& card = engine().card();
    const int64_t width = card.latent().picture_width(), height = card.latent().picture_height();
    if (GST_VIDEO_INFO_WIDTH(&info) == width && GST_VIDEO_INFO_HEIGHT(&info) == height) return;
    throw ShapeError("training takes pictures of the model's native size: scale or crop them",
                     {.expected = std::to_string(width) + " x " + std::to_string(height),
                      .found = std::to_string(GST_VIDEO_INFO_WIDTH(&info)) + " x " +
                               std::to_string(GST_VIDEO_INFO_HEIGHT(&info)),
                      .where = "caps"});
  }

 private:
  using O = AutoencoderOptions;

  static Property<AutoencoderSink> option(double O::*member, const PropertyText<double>& text) {
    return option_field<AutoencoderSink>(kOptions, member, text);
  }

  static std::vector<Property<AutoencoderSink>> loss_properties() {
    return {
        option_field<AutoencoderSink>(
            kOptions, &O::objective,
            {.name = "objective", .blurb = "What is trained: the card has the parts for it"}),
        option(&O::mask_ratio, {.name = "mask-ratio",
                                .blurb = "Share of images whose residual is hidden",
                                .low = 0,
                                .high = 1}),
        option_field<AutoencoderSink>(
            kOptions, &O::aligns,
            {.name = "alignment",
             .blurb = "Match the residual's distribution to that of the semantic features; false: "
                      "use the model with svgalign statistics=none"}),
        option(
            &O::perceptual_weight,
            {.name = "perceptual-weight",
             .blurb = "Weight of LPIPS, or of the term that stands in for it (always of kl and vf)",
             .low = 0}),
        option(&O::beta1, {.name = "beta1",
                           .blurb = "Adam's decay of the gradient's average",
                           .low = 0,
                           .high = 0.9999}),
        option(&O::beta2, {.name = "beta2",
                           .blurb = "Adam's decay of the squared gradient's average",
                           .low = 0,
                           .high = 0.9999999}),
        option(&O::perceptual_share, {.name = "perceptual-share",
                                      .blurb = "Share of a batch's images that it is measured on",
                                      .low = 0,
                                      .high = 1}),
        option(&O::discriminator_weight, {.name = "discriminator-weight",
                                          .blurb = "Weight of the PatchGAN discriminator (0: none)",
                                          .low = 0}),
        option_field<AutoencoderSink>(
            kOptions, &O::discriminator_start,
            {.name = "discriminator-start",
             .blurb = "Optimizer steps of both sides, two a batch, before the discriminator acts",
             .low = 0}),
        option(&O::latent_noise,
               {.name = "latent-noise",
                .blurb = "Largest deviation of noise on the latents that the decoder sees, in "
                         "units of a channel's own: it forgives a generator (0: none)",
                .low = 0})};
  }

  // Of objective=kl and vf.
  static std::vector<Property<AutoencoderSink>> gaussian_properties() {
    return {option(&O::kl_weight,
                   {.name = "kl-weight",
                    .blurb = "kl, vf: weight of the latents' distance from a normal distribution",
                    .low = 0}),
            option_field<AutoencoderSink>(
                kOptions, &O::foundation_model,
                {.name = "foundation-model",
                 .blurb = "kl, vf: card of a frozen encoder with cells of the same size. Its "
                          "features stand in "
                          "for LPIPS, and vf draws the latents towards them"}),
            option(&O::vf_weight,
                   {.name = "vf-weight", .blurb = "vf: weight of that, adapted", .low = 0}),
            option(&O::vf_distance_margin,
                   {.name = "vf-distance-margin",
                    .blurb = "vf: difference of two cells' cosines that is forgiven",
                    .low = 0,
                    .high = 2}),
            option(&O::vf_cosine_margin,
                   {.name = "vf-cosine-margin",
                    .blurb = "vf: difference of a latent's direction from its feature's that is "
                             "forgiven",
                    .low = 0,
                    .high = 2})};
  }
};

}  // namespace

bool register_autoencoder_trainer(GstPlugin* plugin) {
  return Glue<AutoencoderSink>::register_with(plugin);
}

}  // namespace svgen::gst
