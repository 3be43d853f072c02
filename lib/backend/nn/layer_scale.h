// SPDX-License-Identifier: MIT
// A learned gain per channel on a residual branch.
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/state.h"

namespace svgen::nn {

struct LayerScale {
  explicit LayerScale(int64_t channels) : width(channels) {}

  void visit(const StateScope& state) { state("gamma", gamma, {width}); }
  at::Tensor operator()(const at::Tensor& x) const;  // (..., width)

  int64_t width;
  at::Tensor gamma;
};

}  // namespace svgen::nn
