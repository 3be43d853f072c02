// SPDX-License-Identifier: MIT
// The two-layer perceptron.
#include "nn/mlp.h"

#include <c10/core/GradMode.h>

#include "ops/ops.h"

namespace svgen::nn {

at::Tensor gelu(const at::Tensor& x, Gelu form) {
  return form == Gelu::kTanh ? ops::gelu_tanh(x) : ops::gelu_erf(x);
}

Mlp::Mlp(int64_t width, int64_t hidden, Gelu activation, MlpNames layer_names)
    : form(activation), names(layer_names), up(width, hidden), down(hidden, width) {}

void Mlp::visit(const StateScope& state) {
  up.visit(state.child(names.up));
  down.visit(state.child(names.down));
}

at::Tensor Mlp::operator()(const at::Tensor& x) const {
  // In training the hidden values stay in the product's dtype: the map computes in float32 and
  // rounds once either way, and half the bytes move.
  const bool training = c10::GradMode::is_enabled();
  return down(gelu(training ? product(x, up.weight, up.bias) : up(x), form));
}

}  // namespace svgen::nn
