// SPDX-License-Identifier: MIT
// Layer normalisation over the last dimension with a learned affine map.
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/state.h"

namespace svgen::nn {

/// (x - mean) / sqrt(biased variance + eps) over the last dimension of x, times weight plus bias;
/// it always computes in x's dtype.
struct LayerNorm {
  LayerNorm(int64_t size, double epsilon) : width(size), eps(epsilon) {}

  void visit(const StateScope& state);
  at::Tensor operator()(const at::Tensor& x) const;
  /// Normalises before a product in dtype `product`, and returns that dtype where x (N, T, width)
  /// is computed by the kernels of inference.
  at::Tensor before(at::ScalarType product, const at::Tensor& x) const;

  int64_t width;
  double eps;
  at::Tensor weight, bias;  // (width)
};

}  // namespace svgen::nn
