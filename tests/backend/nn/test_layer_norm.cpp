// SPDX-License-Identifier: MIT
// Layer normalisation: its moments, its epsilon and its affine map.
#include "nn/layer_norm.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"

namespace svgen {
namespace {

nn::LayerNorm plain(int64_t width, double eps) {
  nn::LayerNorm norm(width, eps);
  norm.weight = at::ones({width});
  norm.bias = at::zeros({width});
  return norm;
}

TEST(LayerNorm, GivesMeanZeroAndVarianceOne) {
  const at::Tensor y = plain(64, 1e-6)(test::wave({3, 64}, 0, 4, 10));
  EXPECT_LT(y.mean(-1).abs().max().item<double>(), 1e-5);
  EXPECT_NEAR(y.var(-1, /*unbiased=*/false).max().item<double>(), 1, 1e-4);
}

TEST(LayerNorm, AddsEpsilonToTheVariance) {
  const at::Tensor x = test::wave({1, 64}, 0, 1e-3);
  const double variance = x.to(at::kDouble).var(-1, false).item<double>();
  const double found = plain(64, 1e-5)(x).to(at::kDouble).var(-1, false).item<double>();
  EXPECT_NEAR(found, variance / (variance + 1e-5), 1e-4);
}

TEST(LayerNorm, ScalesAndShiftsInTheInputsDtype) {
  nn::LayerNorm norm(16, 1e-5);
  test::fill(norm);
  const at::Tensor x = test::wave({2, 16});
  const at::Tensor wanted = plain(16, 1e-5)(x) * norm.weight + norm.bias;
  EXPECT_LT(test::largest_difference(norm(x), wanted), 1e-6);
  test::cast(norm, at::kBFloat16);
  EXPECT_EQ(norm(x).scalar_type(), at::kFloat);
}

}  // namespace
}  // namespace svgen
