// SPDX-License-Identifier: MIT
// The gated feed-forward.
#include "nn/swiglu.h"

#include <ATen/TensorOperators.h>

#include "ops/ops.h"

namespace svgen::nn {

void SwiGlu::visit(const StateScope& state) {
  w1.visit(state.child("w1"));
  w2.visit(state.child("w2"));
  w3.visit(state.child("w3"));
}

at::Tensor SwiGlu::operator()(const at::Tensor& x) const {
  return w3(ops::silu(w1(x)) * w2(x));
}

}  // namespace svgen::nn
