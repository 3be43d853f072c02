// SPDX-License-Identifier: MIT
// LPIPS as a distance; its numbers are compared in the reference suite.
#include "models/lpips/lpips.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full_like.h>
#include <gtest/gtest.h>

#include "backend/models/module_source.h"
#include "backend/nn/fill.h"

namespace svgen::models {
namespace {

constexpr Lpips::Widths kSmall = {4, 4, 8, 8, 8};

Lpips filled() {
  Lpips lpips(kSmall);
  test::fill(lpips);
  for (at::Tensor& weight : lpips.lin) weight = weight.abs();
  lpips.scale = lpips.scale.abs() + 0.5;
  return lpips;
}

double distance(const Lpips& lpips, const at::Tensor& a, const at::Tensor& b) {
  return lpips.distance(lpips.features(a), lpips.features(b)).sum().item<double>();
}

TEST(Lpips, IsADistanceOfEachImage) {
  const Lpips lpips = filled();
  const at::Tensor a = test::wave({2, 3, 32, 48}), b = test::wave({2, 3, 32, 48}, 0.9);
  EXPECT_EQ(distance(lpips, a, a), 0);
  EXPECT_GT(distance(lpips, a, b), 0);
  EXPECT_DOUBLE_EQ(distance(lpips, a, b), distance(lpips, b, a));
  const at::Tensor both = lpips.distance(lpips.features(a), lpips.features(b));
  EXPECT_EQ(both.sizes(), at::IntArrayRef({2}));
  EXPECT_NEAR(both[1].item<double>(), distance(lpips, a.narrow(0, 1, 1), b.narrow(0, 1, 1)), 1e-6);
}

TEST(Lpips, FeaturesHaveUnitLengthOrNone) {
  for (const at::Tensor& map : filled().features(test::wave({1, 3, 32, 32}))) {
    const at::Tensor lengths = map.square().sum(1);
    EXPECT_TRUE(((lengths - 1).abs().lt(1e-4) | lengths.lt(1e-12)).all().item<bool>());
  }
}

TEST(Lpips, HasAGradientWhereAllFeaturesVanish) {
  Lpips lpips = filled();
  for (Lpips::Conv& conv : lpips.convs) conv.bias = at::full_like(conv.bias, -100);
  const at::Tensor x = test::wave({1, 3, 32, 32}).requires_grad_();
  lpips.distance(lpips.features(x), lpips.features(test::wave({1, 3, 32, 32}, 2))).sum().backward();
  EXPECT_TRUE(x.grad().eq(0).all().item<bool>());
}

TEST(Lpips, NamesAndWidthsAreThoseOfTheCheckpoint) {
  const test::ModuleSource source{Lpips(kSmall)};
  EXPECT_EQ(Lpips::infer_widths(source), kSmall);
  EXPECT_EQ(source.tensors().size(), 2u + 2 * 13 + 5);
  EXPECT_NE(source.find("net.slice5.28.weight"), nullptr);
  EXPECT_NE(source.find("lin4.model.1.weight"), nullptr);
}

}  // namespace
}  // namespace svgen::models
