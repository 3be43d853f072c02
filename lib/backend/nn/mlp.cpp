// SPDX-License-Identifier: MIT
// The two-layer perceptron.
#include "nn/mlp.h"

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
  return down(gelu(up(x), form));
}

}  // namespace svgen::nn
