// SPDX-License-Identifier: MIT
// The host kernels of the activations against the standard library in float64.
#include <c10/util/BFloat16.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/cpu/kernels.h"
#include "ops/cpu/vector_math.h"

namespace svgen::ops::cpu {
namespace {

TEST(VectorMath, ExponentialIsWithinTwoUnitsInTheLastPlace) {
  for (float x = -80; x < 80; x += 0.0137f) {
    const double wanted = std::exp(static_cast<double>(x));
    EXPECT_NEAR(exponential(all(x))[0] / wanted, 1, 2.4e-7) << x;
  }
}

TEST(VectorMath, NormalDistributionIsWithinItsStatedError) {
  for (float x = -9; x < 9; x += 0.0031f)
    EXPECT_NEAR(normal_distribution(all(x))[0],
                0.5 * std::erfc(-static_cast<double>(x) / std::sqrt(2.0)), 2.5e-7)
        << x;
}

TEST(VectorMath, RoundsToTheNearestBfloat16) {
  for (const float x : {1.0f, -1.00390625f, 1.01171875f, 3.1415927f, 1e-30f, -65504.0f}) {
    Bfloat16 rounded[kLanes];
    store(rounded, all(x));
    EXPECT_EQ(load(rounded)[3], static_cast<float>(c10::BFloat16(x))) << x;
  }
  Bfloat16 rounded[kLanes];
  store(rounded, all(NAN));
  EXPECT_TRUE(std::isnan(load(rounded)[0]));
}

TEST(VectorMath, PartsTouchNothingBehindThem) {
  float from[kLanes], to[kLanes];
  std::fill(from, from + kLanes, 3.0f);
  std::fill(to, to + kLanes, 7.0f);
  EXPECT_EQ(load(from, 5, 2.0f)[4], 3);
  EXPECT_EQ(load(from, 5, 2.0f)[5], 2);
  store(to, all(1), 5);
  EXPECT_EQ(to[4], 1);
  EXPECT_EQ(to[5], 7);
}

TEST(Activations, ValueDoesNotDependOnItsPlaceInTheArray) {
  std::vector<float> x(8192 + 37, 0.7f), y(x.size());
  for (auto* kernel : {silu, gelu_erf, gelu_tanh}) {
    kernel(x.data(), y.data(), static_cast<int64_t>(x.size()));
    for (float value : y) EXPECT_EQ(value, y[0]);
  }
}

TEST(Activations, WorkInPlace) {
  std::vector<float> x(1003), y(x.size());
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
  silu(x.data(), y.data(), static_cast<int64_t>(x.size()));
  silu(x.data(), x.data(), static_cast<int64_t>(x.size()));
  EXPECT_EQ(x, y);
}

}  // namespace
}  // namespace svgen::ops::cpu
