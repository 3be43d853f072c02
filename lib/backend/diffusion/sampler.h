// SPDX-License-Identifier: MIT
// Integrating noise to normalised latents along a guided velocity.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "svgen/sampling.h"

namespace svgen::diffusion {

/// The model: x (N, T, C) float32, the time of all images, labels (N) int64 -> velocity (N, T, C)
/// float32.
using VelocityModel =
    std::function<at::Tensor(const at::Tensor& x, float t, const at::Tensor& labels)>;

/// What an integration follows. `labels` has N entries; `null_label` stands for "no class".
struct GuidedModel {
  VelocityModel model;
  std::vector<int64_t> labels;
  int64_t null_label = 0;
};

/// One integration from t = 0 to 1, a step at a time, so that a caller may report progress or
/// stop in between. All images share the grid; the state stays float32.
class Integration {
 public:
  /// `noise` (N, T, C) float32.
  Integration(GuidedModel guided_model, at::Tensor noise, const SamplingOptions& options);

  int64_t step() const { return step_; }  // steps done
  bool done() const { return step_ == options_.steps; }
  const at::Tensor& state() const { return state_; }  // (N, T, C)

  void advance();

 private:
  at::Tensor guided_velocity(const at::Tensor& x, float t) const;

  VelocityModel model_;
  SamplingOptions options_;
  std::vector<float> times_;
  at::Tensor labels_, null_labels_;  // (N)
  at::Tensor both_labels_;           // (2N)
  at::Tensor state_;
  int64_t step_ = 0;
};

}  // namespace svgen::diffusion
