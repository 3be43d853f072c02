// SPDX-License-Identifier: MIT
// The affine map: its value, names and precision.
#include "nn/linear.h"

#include <ATen/ops/matmul.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "backend/ops/threads.h"

namespace svgen {
namespace {

TEST(Linear, IsMatrixProductPlusBias) {
  nn::Linear linear(5, 3);
  test::fill(linear);
  const at::Tensor x = test::wave({2, 4, 5});
  const at::Tensor wanted = at::matmul(x, linear.weight.t()) + linear.bias;
  EXPECT_LT(test::largest_difference(linear(x), wanted), 1e-6);
}

TEST(Linear, ComputesReducedWeightsInsideTheProductOnly) {
  nn::Linear linear(64, 8);
  test::fill(linear);
  const at::Tensor x = test::wave({4, 64});
  const at::Tensor exact = linear(x);
  test::cast(linear, at::kBFloat16);
  EXPECT_EQ(linear(x).scalar_type(), at::kFloat);
  EXPECT_LT(test::largest_difference(linear(x), exact), 0.05);
}

TEST(Linear, StaysInDoubleWithDoubleWeights) {
  nn::Linear linear(4, 4);
  test::fill(linear);
  test::cast(linear, at::kDouble);
  EXPECT_EQ(linear(test::wave({1, 4})).scalar_type(), at::kDouble);
}

TEST(Linear, GivesTheSameBitsWithAnyThreads) {
  for (const auto& [tokens, in, out] : {std::tuple{1, 1152, 6912},
                                        {256, 384, 1152},
                                        {261, 384, 1536},
                                        {256, 768, 3072},
                                        {256, 3072, 768},
                                        {64, 256, 1024},
                                        {69, 344, 128},
                                        {21, 48, 144},
                                        {256, 384, 8}}) {
    nn::Linear linear(in, out);
    test::fill(linear);
    const at::Tensor x = test::wave({tokens, in});
    test::expect_same_with_any_threads([&] { return linear(x); });
    test::cast(linear, at::kBFloat16);
    test::expect_same_with_any_threads([&] { return linear(x); });
  }
}

}  // namespace
}  // namespace svgen
