// SPDX-License-Identifier: MIT
// The two-layer perceptron with a GELU between, exact or in its tanh form.
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/linear.h"
#include "nn/state.h"

namespace svgen::nn {

enum class Gelu {
  kErf,   // x Phi(x)
  kTanh,  // 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
};

at::Tensor gelu(const at::Tensor& x, Gelu form);

/// How a checkpoint family names the two layers.
struct MlpNames {
  const char* up;
  const char* down;
};

inline constexpr MlpNames kNamedMlp = {"fc1", "fc2"};
inline constexpr MlpNames kNumberedMlp = {"0", "3"};

struct Mlp {
  Mlp(int64_t width, int64_t hidden, Gelu activation, MlpNames layer_names = kNamedMlp);

  void visit(const StateScope& state);
  at::Tensor operator()(const at::Tensor& x) const;  // (..., width) -> (..., width)

  Gelu form;
  MlpNames names;
  Linear up, down;
};

}  // namespace svgen::nn
