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

constexpr models::Convention kConvention = {};

}  // namespace

extern const System kSvg = {.name = "svg",
                            .diffusion = denoiser_kind<models::Dit, models::kDit, kConvention>(),
                            .objective = {{.shift = 0.4}},
                            .checkpoint = checkpoint};

}  // namespace svgen::systems
