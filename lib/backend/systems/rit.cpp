// SPDX-License-Identifier: MIT
// RiT: clean features of DINOv2 and their class vector, predicted by one transformer.
#include "models/rit/rit.h"
#include "systems/system.h"

namespace svgen::systems {
namespace {

constexpr models::Convention kConvention = {.prediction = models::Prediction::kCleanData};

}  // namespace

extern const System kRitSystem = {
    .name = "rit",
    .diffusion = denoiser_kind<models::Rit, models::kRit, kConvention>(),
    .process = {.ends_with_euler = true}};

}  // namespace svgen::systems
