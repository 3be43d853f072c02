// SPDX-License-Identifier: MIT
// Layer normalisation.
#include "nn/layer_norm.h"

#include <ATen/ops/layer_norm.h>

namespace svgen::nn {

at::Tensor layer_norm(const at::Tensor& x, double eps) {
  return at::layer_norm(x, {x.size(-1)}, {}, {}, eps);
}

void LayerNorm::visit(const StateScope& state) {
  state("weight", weight, {width});
  state("bias", bias, {width});
}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x, {width}, weight.to(x.scalar_type()), bias.to(x.scalar_type()), eps);
}

}  // namespace svgen::nn
