// SPDX-License-Identifier: MIT
// Layer normalisation.
#include "nn/layer_norm.h"

#include <ATen/ops/layer_norm.h>

namespace svgen::nn {

void LayerNorm::visit(const StateScope& state) {
  state("weight", weight, {width});
  state("bias", bias, {width});
}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  return at::layer_norm(x, {width}, weight.to(x.scalar_type()), bias.to(x.scalar_type()), eps);
}

}  // namespace svgen::nn
