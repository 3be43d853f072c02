// SPDX-License-Identifier: MIT
// The two-layer perceptron with a GELU between, exact or in its tanh form.
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/linear.h"
#include "nn/state.h"
#include "ops/products.h"

namespace svgen::nn {

/// Says how a checkpoint family names the two layers.
struct MlpNames {
  const char* up;
  const char* down;
};

inline constexpr MlpNames kNamedMlp = {"fc1", "fc2"};
inline constexpr MlpNames kNumberedMlp = {"0", "3"};

struct Mlp {
  Mlp(int64_t width, int64_t hidden, ops::Epilogue activation, MlpNames layer_names = kNamedMlp);

  void visit(const StateScope& state);
  at::Tensor operator()(const at::Tensor& x) const;  // (..., width) -> (..., width)

  ops::Epilogue gelu;
  MlpNames names;
  Linear up, down;
};

}  // namespace svgen::nn
