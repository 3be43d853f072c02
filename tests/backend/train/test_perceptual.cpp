// SPDX-License-Identifier: MIT
// The perceptual distance that does without LPIPS's weights.
#include "train/perceptual.h"

#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "backend/train/support.h"
#include "models/dinov3/dinov3.h"

namespace svgen::train {
namespace {

models::DinoV3 small_encoder() {
  models::DinoV3 encoder({.patch = 8, .width = 32, .depth = 1, .heads = 2, .ffn = 64});
  test::fill(encoder);
  encoder.periods = at::Tensor();
  return encoder;
}

TEST(Perceptual, FeatureDistanceIsNoneOfAPictureToItself) {
  const models::DinoV3 encoder = small_encoder();
  const PerceptualDistance distance = feature_distance(&encoder);
  const at::Tensor x = test::wave({2, 3, 32, 32}), y = test::wave({2, 3, 32, 32}, 1.1);
  EXPECT_NEAR(distance(x, x).abs().max().item<double>(), 0, 1e-6);
  EXPECT_GT(distance(x, y).min().item<double>(), 0.05);
  EXPECT_EQ(distance(x, y).sizes(), at::IntArrayRef({2}));
}

TEST(Perceptual, EdgesAloneAreLess) {
  const models::DinoV3 encoder = small_encoder();
  const at::Tensor x = test::wave({2, 3, 32, 32}), y = test::wave({2, 3, 32, 32}, 1.1);
  const at::Tensor edges = feature_distance(nullptr)(x, y);
  EXPECT_GT(edges.min().item<double>(), 0);
  EXPECT_GT((feature_distance(&encoder)(x, y) - edges).min().item<double>(), 0);
}

TEST(Perceptual, FeatureDistanceHasAGradient) {
  const models::DinoV3 encoder = small_encoder();
  const at::Tensor y = test::wave({1, 3, 32, 32}, 1.1).requires_grad_();
  feature_distance (&encoder)(test::wave({1, 3, 32, 32}), y).sum().backward();
  EXPECT_GT(y.grad().abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace svgen::train
