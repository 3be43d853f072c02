// SPDX-License-Identifier: MIT
// DiT-DH: shapes, what it depends on, threads. Parity is in tests/reference.
#include "models/dit_dh/dit_dh.h"

#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>

#include "backend/models/checks.h"
#include "backend/ops/threads.h"

namespace svgen::models {
namespace {

const DitDhConfig kSmall = {
    .channels = 6, .classes = 3, .grid = {3, 3}, .body = {16, 2, 2, 24}, .head = {32, 1, 2, 40}};

TEST(DitDh, GivesAVelocityThatDependsOnTimeAndLabel) {
  DitDh dit(kSmall);
  test::fill(dit);
  const at::Tensor x = test::wave({1, 9, 6});
  const auto velocity = [&](float t, int64_t y) {
    return dit.velocity(x, at::tensor({t}), at::tensor({y}));
  };
  EXPECT_EQ(velocity(0.2f, 1).sizes(), x.sizes());
  EXPECT_GT(test::largest_difference(velocity(0.1f, 0), velocity(0.2f, 0)), 1e-4);
  EXPECT_GT(test::largest_difference(velocity(0.1f, 0), velocity(0.1f, 1)), 1e-4);
}

TEST(DitDh, ArrangedForInferenceIsTheSameMapWithAnyThreads) {
  const c10::InferenceMode inference;
  DitDh dit(kSmall);
  test::fill(dit);
  const auto velocity = [&] {
    return dit.velocity(test::wave({2, 9, 6}), at::tensor({0.2f, 0.7f}),
                        at::tensor({int64_t{1}, int64_t{3}}));
  };
  const at::Tensor before = velocity();
  dit.arrange();
  EXPECT_LT(test::largest_difference(velocity(), before), 1e-5);
  test::expect_same_with_any_threads(velocity);
}

}  // namespace
}  // namespace svgen::models
