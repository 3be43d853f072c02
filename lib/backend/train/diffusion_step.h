// SPDX-License-Identifier: MIT
// One step of phase 2: rectified flow on normalised latents (Liu et al., 2023), as the published
// code trains it.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>

#include "models/dit/dit.h"
#include "train/flat_parameters.h"

namespace svgen::train {

/// Holds the random numbers of a step.
struct DiffusionDraws {
  at::Tensor noise;   // (N, T, C)
  at::Tensor times;   // (N), shifted
  at::Tensor labels;  // (N), the null class where dropped
};

/// A function of (seed, index) for each image: noise, t' = s u / (1 + (s - 1) u) of a uniform u,
/// and the label, replaced by the null class with probability `dropout` or when it is -1.
DiffusionDraws draw_diffusion(uint64_t seed, std::span<const int64_t> indices,
                              std::span<const int64_t> labels, const models::DitConfig& config,
                              double shift, double dropout);

/// mean over tokens and channels of (v(x_t, t, y) - (data - noise))^2, per image: (N).
at::Tensor velocity_loss(const models::Dit& model, const at::Tensor& data,
                         const DiffusionDraws& draws);

}  // namespace svgen::train
