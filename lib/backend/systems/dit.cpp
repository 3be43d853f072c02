// SPDX-License-Identifier: MIT
// DiT: a diffusion of 1000 steps with learned variances, on the latents of a KL autoencoder
// (Peebles and Xie, 2023).
#include "models/dit/dit.h"
#include "systems/system.h"

namespace svgen::systems {
namespace {

constexpr models::Convention kConvention = {.prediction = models::Prediction::kNoise,
                                            .time = models::ModelTime::kIndex};

}  // namespace

extern const System kDit = {
    .name = "dit",
    .diffusion = denoiser_kind<models::Dit, models::kPlainDit, kConvention>(),
    .process = {.path = diffusion::Path::kDiffusion},
    .objective = diffusion::Objective{}};

}  // namespace svgen::systems
