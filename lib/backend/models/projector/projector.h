// SPDX-License-Identifier: MIT
// REPA's projector: from a transformer's tokens to the features that they are aligned with (Yu et
// al., 2025, section 3.3). Only training uses it.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>

#include "nn/initial_weights.h"
#include "nn/linear.h"
#include "nn/state.h"

namespace svgen::models {

struct ProjectorConfig {
  int64_t width = 1152;    // of a token
  int64_t hidden = 2048;   // of both layers in between
  int64_t features = 768;  // of the frozen encoder
};

/// Three linear layers with SiLU between them: (N, T, width) -> (N, T, features).
struct Projector {
  explicit Projector(const ProjectorConfig& config);

  void visit(const nn::StateScope& state);
  at::Tensor operator()(const at::Tensor& tokens) const;

  nn::Linear first, second, last;  // "0", "2", "4"
};

extern const std::span<const nn::InitialWeightsRule> kProjectorInitialWeights;

}  // namespace svgen::models
