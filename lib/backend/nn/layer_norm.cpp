// SPDX-License-Identifier: MIT
// Layer normalisation.
#include "nn/layer_norm.h"

#include "ops/ops.h"

namespace svgen::nn {

void LayerNorm::visit(const StateScope& state) {
  state("weight", weight, {width});
  state("bias", bias, {width});
}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  return ops::layer_norm(x, weight, bias, eps, x.scalar_type());
}

at::Tensor LayerNorm::before(at::ScalarType product, const at::Tensor& x) const {
  return ops::layer_norm(x, weight, bias, eps, ops::runs_in_kernels(x) ? product : x.scalar_type());
}

}  // namespace svgen::nn
