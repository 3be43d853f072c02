// SPDX-License-Identifier: MIT
// One step of phase 2: the loss of a denoiser on normalised latents, by its process and objective.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>

#include "diffusion/objective.h"
#include "diffusion/process.h"
#include "models/network.h"

namespace svgen::train {

/// Says whose numbers are drawn.
struct DrawnLatents {
  int64_t cells, channels, classes;  // T, C of a latent; the null class
  diffusion::Path path = diffusion::Path::kStraight;
};

/// Holds the random numbers of a step.
struct DiffusionDraws {
  at::Tensor noise;   // (N, T, C)
  at::Tensor times;   // (N), 0 noise to 1 data
  at::Tensor labels;  // (N), the null class where dropped
};

/// A function of (seed, index) for each image: noise; the time by the objective, of a diffusion one
/// of its steps; and the label, replaced by the null class with probability `dropout` or when it is
/// -1.
DiffusionDraws draw_diffusion(uint64_t seed, std::span<const int64_t> indices,
                              std::span<const int64_t> labels, const DrawnLatents& latents,
                              const diffusion::Objective& objective, double dropout);

/// Features (N, T', F) that the network's tokens behind some block are aligned with.
struct Alignment {
  std::function<at::Tensor(const at::Tensor& tokens)> project;  // (N, T', D) -> (N, T', F)
  int64_t depth = 0;  // blocks before the tokens that are aligned
  at::Tensor features;
};

/// The terms of the loss, per image (N) float32. Undefined: the objective has none.
struct DiffusionLoss {
  /// Squared error of the velocity, or of the noise where the process is a diffusion, mean over
  /// cells and channels.
  at::Tensor squared;
  at::Tensor variational;  // of predicted variances
  at::Tensor cosine;       // 1 - cosine of velocities, mean over cells
  at::Tensor alignment;    // -cosine of projected tokens and features, mean over tokens

  /// Mean over images of the sum, weighed by the objective.
  at::Tensor total(const diffusion::Objective& objective) const;
};

/// The loss of data (N, T, C). `alignment`: null where features play no part.
DiffusionLoss diffusion_loss(const models::Denoiser& model, const diffusion::Process& process,
                             const diffusion::Objective& objective, const at::Tensor& data,
                             const DiffusionDraws& draws, const Alignment* alignment = nullptr);

/// The variational term of a diffusion of 1000 steps in bits, mean over all elements of an image:
/// the distance between the true posterior of the step before and the model's, or at step 0 the
/// negative logarithm of the likelihood of the data in bins of 2/255 (Ho et al., 2020, section 3.3;
/// Nichol and Dhariwal, 2021, section 3.1). `noise` (N, T, C) and `share` of the variance (N, T, C)
/// are predicted at `steps` (N) int64.
at::Tensor variational_bound(const at::Tensor& data, const at::Tensor& x, const at::Tensor& noise,
                             const at::Tensor& share, const at::Tensor& steps);

}  // namespace svgen::train
