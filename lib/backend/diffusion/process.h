// SPDX-License-Identifier: MIT
// The process that a model reverses: how noise and data mix at each time.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <vector>

#include "svgen/sampling.h"

namespace svgen::diffusion {

/// x_t = alpha x_1 + sigma x_0 with x_0 noise at t = 0 and x_1 data at t = 1 (Ma et al., 2024,
/// section 2.1).
enum class Path {
  kStraight,   // alpha = t, sigma = 1 - t
  kGvp,        // alpha = sin(pi t / 2), sigma = cos(pi t / 2)
  kDiffusion,  // the 1000 steps of DiffusionTable
};

struct Process {
  Path path = Path::kStraight;
  bool ends_with_euler = false;  // Heun's last step is Euler's, as published
  double end = 1;                // the u of the last time of a grid, before the shift
};

/// alpha and sigma at t, and their derivatives; of a diffusion at step 1000 (1 - t), where the
/// derivatives are 0: it is no flow. At t = 1 its step 0 has a little noise yet.
struct PathTerms {
  double alpha, sigma, alpha_slope, sigma_slope;
};
PathTerms path_terms(Path path, double t);

/// Returns alpha data + sigma noise, of (N, T, C) each, at the time of each image.
at::Tensor mixed(Path path, const at::Tensor& data, const at::Tensor& noise,
                 const std::vector<float>& times);

/// Returns alpha' data + sigma' noise, the velocity of a flow there.
at::Tensor mixed_velocity(Path path, const at::Tensor& data, const at::Tensor& noise,
                          const std::vector<float>& times);

/// Returns the data x_1 that follow from the state x at the times and the velocity there, or from
/// the noise, where the model predicts that: the first C of its channels.
at::Tensor predicted_data(Path path, const at::Tensor& x, const at::Tensor& prediction,
                          const std::vector<float>& times);

/// The score grad log p_t(x) of the velocity v at x: of v = alpha' x_1 + sigma' x_0. t < 1.
at::Tensor score_of(Path path, const at::Tensor& velocity, const at::Tensor& x, double t);

/// Steps of a diffusion with noise, in the order in which they are reversed backwards: entry k is
/// the k-th kept step from the data (Ho et al., 2020; Nichol and Dhariwal, 2021). beta runs from
/// 1e-4 to 0.02 over 1000 steps; those of the kept ones follow from their cumulative products.
struct DiffusionTable {
  std::vector<int64_t> steps;  // 0 .. 999
  std::vector<double> beta, alpha_bar, alpha_bar_before, posterior_variance;

  static constexpr int64_t kSteps = 1000;
};

/// What a step back from a kept one needs: the data are from_state x - from_noise noise, the mean
/// of the step before is of_data data + of_state x, and the logarithm of its variance lies between
/// two bounds. The lower one of step 0, whose variance is 0, is that of step 1.
struct PosteriorTerms {
  double from_state, from_noise, of_data, of_state, log_low, log_high;
};
PosteriorTerms posterior_terms(const DiffusionTable& table, size_t kept);

/// ConfigurationError where no spacing "leading" keeps exactly so many steps.
DiffusionTable diffusion_table(int64_t steps, TimestepSpacing spacing);

}  // namespace svgen::diffusion
