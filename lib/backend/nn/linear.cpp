// SPDX-License-Identifier: MIT
// The affine map.
#include "nn/linear.h"

#include "ops/products.h"

namespace svgen::nn {

at::ScalarType carried_dtype(const at::Tensor& weight) {
  return weight.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

at::Tensor product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return ops::linear(x.to(weight.scalar_type()), weight, bias);
}

at::Tensor affine(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return product(x, weight, bias).to(carried_dtype(weight));
}

void Linear::visit(const StateScope& state) {
  state("weight", weight, {out, in}, SlotKind::kPackable);
  state("bias", bias, {out});
}

at::Tensor Linear::operator()(const at::Tensor& x) const {
  return affine(x, weight, bias);
}

}  // namespace svgen::nn
