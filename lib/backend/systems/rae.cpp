// SPDX-License-Identifier: MIT
// RAE: DiT-DH as a flow on the features of a frozen encoder, decoded by a ViT (Zheng et al., 2025).
// The integration stops a thousandth before the data.
#include "models/dit_dh/dit_dh.h"
#include "systems/system.h"

namespace svgen::systems {
namespace {

constexpr models::Convention kConvention = {.prediction = models::Prediction::kReversedVelocity,
                                            .time = models::ModelTime::kDataToNoise};

}  // namespace

extern const System kRae = {
    .name = "rae",
    .diffusion = denoiser_kind<models::DitDh, models::kDitDh, kConvention>(),
    .process = {.end = 0.999}};

}  // namespace svgen::systems
