// SPDX-License-Identifier: MIT
// SiT: the DiT backbone as a flow on the latents of a KL autoencoder (Ma et al., 2024).
#include "models/dit/dit.h"
#include "systems/system.h"

namespace svgen::systems {
namespace {

constexpr models::Convention kConvention = {};

}  // namespace

extern const System kSit = {
    .name = "sit",
    .diffusion = denoiser_kind<models::Dit, models::kPlainDit, kConvention>(),
    .process = {.path = diffusion::Path::kStraight},
    .objective = diffusion::Objective{}};

}  // namespace svgen::systems
