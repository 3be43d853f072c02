// SPDX-License-Identifier: MIT
// The host kernel of group normalisation: its moments, and constant input.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/cpu/kernels.h"

namespace svgen::ops::cpu {
namespace {

TEST(GroupNormKernel, GivesMeanZeroAndVarianceOnePerGroup) {
  constexpr int64_t kPixels = 300, kChannels = 18, kGroups = 3;
  std::vector<float> x(kPixels * kChannels), y(x.size());
  for (size_t i = 0; i < x.size(); ++i) x[i] = 5 + std::sin(static_cast<float>(i));
  const std::vector<float> ones(kChannels, 1), zeros(kChannels, 0);
  group_norm(x.data(), y.data(), {1, kPixels, kChannels, kGroups}, ones.data(), zeros.data(), 1e-6,
             false);
  constexpr int64_t kWidth = kChannels / kGroups;
  for (int64_t group = 0; group < kGroups; ++group) {
    double sum = 0, squares = 0;
    for (int64_t pixel = 0; pixel < kPixels; ++pixel)
      for (int64_t c = group * kWidth; c < (group + 1) * kWidth; ++c) {
        sum += y[pixel * kChannels + c];
        squares += std::pow(y[pixel * kChannels + c], 2);
      }
    EXPECT_NEAR(sum / (kPixels * kWidth), 0, 1e-5);
    EXPECT_NEAR(squares / (kPixels * kWidth), 1, 1e-4);
  }
}

TEST(GroupNormKernel, MakesConstantInputTheBias) {
  std::vector<float> x(64 * 4, 3.5f), y(x.size());
  const std::vector<float> weight(4, 2), bias = {0.1f, 0.2f, 0.3f, 0.4f};
  group_norm(x.data(), y.data(), {1, 64, 4, 2}, weight.data(), bias.data(), 1e-6, false);
  for (size_t i = 0; i < y.size(); ++i) EXPECT_FLOAT_EQ(y[i], bias[i % 4]);
}

}  // namespace
}  // namespace svgen::ops::cpu
