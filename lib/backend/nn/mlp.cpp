// SPDX-License-Identifier: MIT
// The two-layer perceptron.
#include "nn/mlp.h"

namespace svgen::nn {

Mlp::Mlp(int64_t width, int64_t hidden, ops::Epilogue activation, MlpNames layer_names)
    : gelu(activation), names(layer_names), up(width, hidden), down(hidden, width) {}

void Mlp::visit(const StateScope& state) {
  up.visit(state.child(names.up));
  down.visit(state.child(names.down));
}

at::Tensor Mlp::operator()(const at::Tensor& x) const {
  // The hidden values stay in the product's dtype: the map computes in float32 and rounds once
  // either way, and half the bytes move.
  const at::Tensor hidden = ops::linear(x.to(up.weight.scalar_type()), up.weight, up.bias, gelu);
  return product(hidden, down.weight, down.bias);
}

}  // namespace svgen::nn
