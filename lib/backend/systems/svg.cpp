// SPDX-License-Identifier: MIT
// SVG: DINOv3 features and the channels of a residual ViT, aligned; a transformer that flows from
// noise to them; a convolutional decoder.
#include "models/conv_decoder/conv_decoder.h"
#include "models/dinov3/dinov3.h"
#include "models/dit/dit.h"
#include "models/residual_vit/residual_vit.h"
#include "systems/system.h"

namespace svgen::systems {
namespace {

using weights::KeyRule;
using enum weights::KeyChange;
using enum weights::KeyNeed;

constexpr char kLosses[] = "networks of the training losses";
constexpr char kNeverCalled[] = "created by the published code and never called";
constexpr char kDropToken[] = "stands for dropped residual features, in training only";

constexpr KeyRule kTrainingRules[] = {
    {"loss.*", nullptr, kSurplus, kNone, kLosses},
    {"norm_vit.*", nullptr, kSurplus, kNone, kNeverCalled},
    {"mask_token", nullptr, kSurplus, kNone, kDropToken},
};

constexpr weights::KeyFamily kTraining = {"training leftovers", "", kTrainingRules};

const weights::FileLayout& checkpoint() {
  static const weights::FileLayout layout = {
      "SVG autoencoder checkpoint",
      {{"encoder", "encoder.", models::kDinoV3Spelling.families.data()},
       {"residual ViT", "extra_vit.", models::kResidualVitSpelling.families.data()},
       {"decoder", "decoder.", models::kConvDecoderSpelling.families.data()},
       {"training", "", &kTraining}}};
  return layout;
}

int64_t encoder_channels(const Card& card) {
  if (card.encoder->width > 0) return card.encoder->width;
  const models::DinoV3Config* preset = models::kDinoV3.find_preset(card.encoder->preset);
  return preset == nullptr ? 0 : preset->width;
}

int64_t residual_channels(const Card& card) {
  return card.residual->outputs;
}

}  // namespace

extern const System kSvg = {
    .name = "svg",
    .encoder =
        network_kind<models::FeatureEncoder, models::DinoV3, models::kDinoV3>(encoder_channels),
    .residual = network_kind<models::FeatureEncoder, models::ResidualVit, models::kResidualVit>(
        residual_channels),
    .decoder = network_kind<models::PixelDecoder, models::ConvDecoder, models::kConvDecoder>(),
    .diffusion = network_kind<models::Denoiser, models::Dit, models::kDit>(),
    .checkpoint = checkpoint};

}  // namespace svgen::systems
