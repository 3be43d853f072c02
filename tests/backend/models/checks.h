// SPDX-License-Identifier: MIT
// Checks that every model passes.
#pragma once

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "backend/nn/fill.h"
#include "nn/state.h"

namespace svgen::test {

/// Expects that the gradient of the summed squared output reaches every parameter except those in
/// `unreached`.
template <typename Module>
void expect_gradients(Module& module, const std::function<at::Tensor()>& compute,
                      const std::set<std::string>& unreached = {}) {
  const nn::StateVisitor require = [](const nn::StateSlot& slot) {
    if (slot.kind == nn::SlotKind::kParameter) slot.tensor.requires_grad_();
  };
  nn::visit_state(module, require);
  compute().square().sum().backward();
  const nn::StateVisitor check = [&](const nn::StateSlot& slot) {
    if (slot.kind != nn::SlotKind::kParameter || unreached.count(slot.name)) return;
    EXPECT_TRUE(slot.tensor.grad().defined()) << slot.name;
    if (!slot.tensor.grad().defined()) return;
    EXPECT_TRUE(slot.tensor.grad().isfinite().all().item<bool>()) << slot.name;
  };
  nn::visit_state(module, check);
}

/// Expects that with bfloat16 weights the output is float32 and within `tolerance`, relative to the
/// largest value, of the output with float32 weights.
template <typename Module>
void expect_near_in_bfloat16(Module& module, const std::function<at::Tensor()>& compute,
                             double tolerance) {
  const at::Tensor exact = compute();
  cast(module, at::kBFloat16);
  const at::Tensor reduced = compute();
  EXPECT_EQ(reduced.scalar_type(), at::kFloat);
  EXPECT_LT(largest_difference(reduced, exact), tolerance * exact.abs().max().item<double>());
  EXPECT_GT(largest_difference(reduced, exact), 0);
}

}  // namespace svgen::test
