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
  /// x + gamma branch; (N, T, width) both.
  at::Tensor add(const at::Tensor& x, const at::Tensor& branch) const;

  int64_t width;
  at::Tensor gamma;
};

}  // namespace svgen::nn
