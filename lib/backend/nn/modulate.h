// SPDX-License-Identifier: MIT
// The vectors of adaptive layer norm, taken from a condition: they shift, scale and gate the
// tokens.
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/linear.h"
#include "nn/state.h"

namespace svgen::nn {

/// Linear(SiLU(c)): `parts` vectors of width D, side by side.
struct Modulation {
  Modulation(int64_t width, int64_t parts) : linear(width, width * parts) {}

  void visit(const StateScope& state) { linear.visit(state.child("1")); }
  at::Tensor operator()(const at::Tensor& c) const;  // (N, D) -> (N, parts D)

  Linear linear;
};

}  // namespace svgen::nn
