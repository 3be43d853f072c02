// SPDX-License-Identifier: MIT
// Adaptive layer norm.
#include "nn/modulate.h"

#include <ATen/TensorOperators.h>

#include "ops/ops.h"

namespace svgen::nn {

at::Tensor modulate(const at::Tensor& x, const at::Tensor& shift, const at::Tensor& scale) {
  // Separate products and sums: a fused multiply-add would round differently in vector tails.
  return x * (1 + scale).unsqueeze(1) + shift.unsqueeze(1);  // (N, T, D)
}

std::vector<at::Tensor> Modulation::operator()(const at::Tensor& c) const {
  return linear(ops::silu(c)).chunk(parts, 1);  // parts x (N, D)
}

}  // namespace svgen::nn
