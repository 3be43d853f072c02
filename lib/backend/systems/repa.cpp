// SPDX-License-Identifier: MIT
// REPA: SiT trained with features of a frozen encoder beside it, its time from data to noise (Yu et
// al., 2025).
#include "models/dit/dit.h"
#include "systems/system.h"

namespace svgen::systems {
namespace {

constexpr models::Convention kConvention = {.prediction = models::Prediction::kReversedVelocity,
                                            .time = models::ModelTime::kDataToNoise};

}  // namespace

extern const System kRepa = {
    .name = "repa",
    .diffusion = denoiser_kind<models::Dit, models::kRepaDit, kConvention>(),
    .process = {.path = diffusion::Path::kStraight, .ends_with_euler = true},
    .objective = {{.alignment_weight = 0.5}}};

}  // namespace svgen::systems
