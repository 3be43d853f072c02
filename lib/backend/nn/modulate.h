// SPDX-License-Identifier: MIT
// Adaptive layer norm: a condition vector shifts, scales and gates the tokens.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "nn/linear.h"
#include "nn/state.h"

namespace svgen::nn {

/// x (1 + scale) + shift with x (N, T, D), shift and scale (N, D).
at::Tensor modulate(const at::Tensor& x, const at::Tensor& shift, const at::Tensor& scale);

/// Linear(SiLU(c)) cut into `parts` vectors of width D.
struct Modulation {
  Modulation(int64_t width, int64_t part_count) : parts(part_count), linear(width, width * parts) {}

  void visit(const StateScope& state) { linear.visit(state.child("1")); }
  std::vector<at::Tensor> operator()(const at::Tensor& c) const;  // (N, D) -> parts x (N, D)

  int64_t parts;
  Linear linear;
};

}  // namespace svgen::nn
