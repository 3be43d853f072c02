// SPDX-License-Identifier: MIT
// The gated feed-forward.
#include "nn/swiglu.h"

#include <ATen/TensorOperators.h>
#include <c10/core/GradMode.h>

#include "ops/ops.h"

namespace svgen::nn {

void SwiGlu::visit(const StateScope& state) {
  w1.visit(state.child("w1"));
  w2.visit(state.child("w2"));
  w3.visit(state.child("w3"));
}

at::Tensor SwiGlu::operator()(const at::Tensor& x) const {
  // The hidden values stay in the product's dtype, as those of Mlp do: they are computed in float32
  // and rounded for the next product anyway.
  const at::Tensor gate = product(x, w1.weight, w1.bias), value = product(x, w2.weight, w2.bias);
  if (c10::GradMode::is_enabled()) return w3(ops::silu(gate) * value);
  return product(ops::silu_product(gate, value), w3.weight, w3.bias);
}

void PackedSwiGlu::visit(const StateScope& state) {
  w12.visit(state.child("w12"));
  w3.visit(state.child("w3"));
}

at::Tensor PackedSwiGlu::operator()(const at::Tensor& x) const {
  const at::Tensor both = product(x, w12.weight, w12.bias);  // (..., 2 hidden)
  return product(ops::silu_halves(both), w3.weight, w3.bias);
}

}  // namespace svgen::nn
