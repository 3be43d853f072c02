// SPDX-License-Identifier: MIT
// The affine map y = x W^T + b, the one matrix product of the transformers.
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/state.h"

namespace svgen::nn {

/// The dtype a layer with these weights hands on: reduced weights compute inside the product only,
/// so float32 for bfloat16 and float16, else the weight's own.
at::ScalarType carried_dtype(const at::Tensor& weight);

/// x W^T + b with x (..., in), weight (out, in), bias (out) or undefined. The product runs in the
/// weight's dtype, the result comes back in its carried dtype.
at::Tensor affine(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

/// Computes x W^T + b and returns it in the weight's dtype, for callers that compute in float32
/// inside and round their result anyway, and for the ends of residual branches.
at::Tensor product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

struct Linear {
  Linear(int64_t in_features, int64_t out_features) : in(in_features), out(out_features) {}

  void visit(const StateScope& state);
  at::Tensor operator()(const at::Tensor& x) const;  // (..., in) -> (..., out)

  int64_t in, out;
  at::Tensor weight, bias;
};

}  // namespace svgen::nn
