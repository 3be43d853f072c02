// SPDX-License-Identifier: MIT
// LightningDiT: a flow on the latents of VA-VAE (Yao et al., 2025).
#include "models/dit/dit.h"
#include "systems/system.h"

namespace svgen::systems {
namespace {

constexpr models::Convention kConvention = {};

}  // namespace

extern const System kLightningDit = {
    .name = "lightningdit",
    .diffusion = denoiser_kind<models::Dit, models::kLightningDit, kConvention>(),
    .process = {.path = diffusion::Path::kStraight},
    .objective = {{.logit_normal = true, .cosine_weight = 1}}};

}  // namespace svgen::systems
