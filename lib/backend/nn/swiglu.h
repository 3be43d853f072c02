// SPDX-License-Identifier: MIT
// The gated feed-forward w3(silu(w1 x) * (w2 x)) (Shazeer, 2020).
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/linear.h"
#include "nn/state.h"

namespace svgen::nn {

struct SwiGlu {
  SwiGlu(int64_t width, int64_t hidden) : w1(width, hidden), w2(width, hidden), w3(hidden, width) {}

  void visit(const StateScope& state);
  at::Tensor operator()(const at::Tensor& x) const;  // (..., width) -> (..., width)

  Linear w1, w2, w3;
};

/// The same with w1 above w2 in one matrix, "w12".
struct PackedSwiGlu {
  PackedSwiGlu(int64_t width, int64_t hidden) : w12(width, 2 * hidden), w3(hidden, width) {}

  void visit(const StateScope& state);
  at::Tensor operator()(const at::Tensor& x) const;  // (..., width) -> (..., width)

  Linear w12, w3;
};

}  // namespace svgen::nn
