// SPDX-License-Identifier: MIT
// Deterministic values for the tests of modules: small, dense, different everywhere.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/floor.h>
#include <ATen/ops/sin.h>

#include <cmath>
#include <vector>

#include "nn/state.h"

namespace svgen::test {

/// Returns sin(phase + 1.7 i) * scale + offset, float32.
inline at::Tensor wave(std::vector<int64_t> shape, double phase = 0.3, double scale = 1,
                       double offset = 0) {
  int64_t count = 1;
  for (int64_t size : shape) count *= size;
  const at::Tensor angles = at::arange(count, at::kDouble) * 1.7 + phase;
  return (at::sin(angles) * scale + offset).to(at::kFloat).view(shape);
}

/// Returns values spread evenly over offset +- scale without a pattern, float32.
inline at::Tensor scatter(std::vector<int64_t> shape, double phase, double scale, double offset) {
  const at::Tensor steep = wave(shape, phase).to(at::kDouble) * 43758.5453;
  return ((steep - at::floor(steep)) * (2 * scale) + (offset - scale)).to(at::kFloat);
}

/// Fills every slot of the module with scattered values: gains near 1, biases near 0, and matrices
/// that keep the magnitude of their input (with a wave they would not: its rows are too alike).
template <typename Module>
void fill(Module& module) {
  double phase = 0;
  const nn::StateVisitor visitor = [&](const nn::StateSlot& slot) {
    int64_t fan_in = 1;
    for (size_t i = 1; i < slot.shape.size(); ++i) fan_in *= slot.shape[i];
    const bool is_gain = slot.shape.size() == 1 && slot.name.find("bias") == std::string::npos;
    const double scale =
        slot.shape.size() == 1 ? 0.1 : std::sqrt(3.0 / static_cast<double>(fan_in));
    slot.tensor = scatter(slot.shape, phase += 0.61, scale, is_gain ? 1 : 0);
  };
  nn::visit_state(module, visitor);
}

/// Replaces every floating tensor of the module by itself in another dtype.
template <typename Module>
void cast(Module& module, at::ScalarType dtype) {
  const nn::StateVisitor visitor = [&](const nn::StateSlot& slot) {
    if (slot.tensor.defined()) slot.tensor = slot.tensor.to(dtype);
  };
  nn::visit_state(module, visitor);
}

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

}  // namespace svgen::test
