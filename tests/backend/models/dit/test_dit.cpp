// SPDX-License-Identifier: MIT
// The diffusion transformer: shapes, refusals, gradients, precision, thread independence.
#include "models/dit/dit.h"

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "backend/models/checks.h"
#include "backend/ops/threads.h"
#include "svgen/error.h"

namespace svgen {
namespace {

const models::DitConfig kSmall = {
    .channels = 6, .width = 32, .depth = 2, .heads = 4, .mlp = 48, .classes = 3, .tokens = 9};

models::Dit filled(const models::DitConfig& config = kSmall) {
  models::Dit dit(config);
  test::fill(dit);
  return dit;
}

const at::Tensor kTimes = at::tensor({0.2f, 0.9f});
const at::Tensor kLabels = at::tensor({int64_t{1}, int64_t{3}});

TEST(Dit, GivesAVelocityOfTheLatentsShape) {
  const at::Tensor x = test::wave({2, 9, 6});
  EXPECT_EQ(filled().forward(x, kTimes, kLabels).sizes(), x.sizes());
}

TEST(Dit, VelocityIsTheFirstHalfOfAllRows) {
  const models::Dit dit = filled();
  const at::Tensor x = test::wave({2, 9, 6});
  const at::Tensor all = dit.forward_all(x, kTimes, kLabels);
  EXPECT_EQ(all.size(2), 12);
  EXPECT_LT(test::largest_difference(all.narrow(2, 0, 6), dit.forward(x, kTimes, kLabels)), 1e-6);
}

TEST(Dit, WithoutLearnedSigmaOrNormHasFewerTensors) {
  models::DitConfig config = kSmall;
  config.learn_sigma = false;
  config.qk_norm = nn::QkNorm::kNone;
  models::Dit dit = filled(config);
  EXPECT_EQ(dit.forward_all(test::wave({2, 9, 6}), kTimes, kLabels).size(2), 6);
  int64_t count = 0;
  const nn::StateVisitor visitor = [&](const nn::StateSlot&) { ++count; };
  nn::visit_state(dit, visitor);
  EXPECT_EQ(count, 2 * 10 + 12);
}

TEST(Dit, DependsOnTimeAndLabel) {
  const models::Dit dit = filled();
  const at::Tensor x = test::wave({1, 9, 6});
  const auto velocity = [&](double t, int64_t y) {
    return dit.forward(x, at::full({1}, t, at::kFloat), at::full({1}, y, at::kLong));
  };
  EXPECT_GT(test::largest_difference(velocity(0.1, 0), velocity(0.2, 0)), 1e-4);
  EXPECT_GT(test::largest_difference(velocity(0.1, 0), velocity(0.1, 1)), 1e-4);
}

TEST(Dit, RefusesOtherShapesAndUnknownLabels) {
  const models::Dit dit = filled();
  const at::Tensor x = at::zeros({2, 9, 6});
  EXPECT_THROW(dit.forward(at::zeros({2, 8, 6}), kTimes, kLabels), ShapeError);
  EXPECT_THROW(dit.forward(at::zeros({2, 9, 5}), kTimes, kLabels), ShapeError);
  EXPECT_THROW(dit.forward(x, at::zeros({1}), kLabels), ShapeError);
  EXPECT_THROW(dit.forward(x, kTimes, at::tensor({int64_t{0}, int64_t{4}})), ShapeError);
  EXPECT_THROW(dit.forward(x, kTimes, at::tensor({int64_t{-1}, int64_t{0}})), ShapeError);
}

TEST(Dit, PassesGradientsToEveryParameter) {
  models::Dit dit = filled();
  test::expect_gradients(dit, [&] { return dit.forward(test::wave({2, 9, 6}), kTimes, kLabels); });
}

TEST(Dit, StaysNearInBfloat16) {
  models::Dit dit = filled();
  test::expect_near_in_bfloat16(
      dit,
      [&] {
        return dit.forward(test::wave({2, 9, 6}), kTimes, kLabels);
      },
      0.1);
}

TEST(Dit, GivesTheSameBitsWithAnyThreads) {
  for (const models::DitConfig& config :
       {models::DitConfig{.channels = 136,
       .width = 256,
       .depth = 2,
       .heads = 4,
       .mlp = 1024,
       .tokens = 64,
       .learn_sigma = false},
        models::DitConfig{.width = 384, .depth = 2, .heads = 6, .mlp = 1536},
        models::DitConfig{.width = 768, .depth = 1, .heads = 12, .mlp = 3072},
        models::DitConfig{.width = 1152, .depth = 1, .heads = 16, .mlp = 4608}}) {
    models::Dit dit = filled(config);
    const at::Tensor x = test::wave({1, config.tokens, config.channels});
    const auto forward = [&] {
      return dit.forward(x, at::tensor({0.3f}), at::tensor({int64_t{5}}));
    };
    test::expect_same_with_any_threads(forward);
    test::cast(dit, at::kBFloat16);
    test::expect_same_with_any_threads(forward);
  }
}

}  // namespace
}  // namespace svgen
