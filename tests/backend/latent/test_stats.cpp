// SPDX-License-Identifier: MIT
// Statistics are exact sums: equal bits for every order and sharding.
#include "latent/stats.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "svgen/error.h"

namespace svgen::latent {
namespace {

TEST(FixedSum, IsExactWhereDoublesAreNot) {
  FixedSum sum;
  for (const double term : {1e15, 0x1p-60, -1e15}) sum.add(term);
  EXPECT_EQ(static_cast<double>(sum.value()), 0x1p-60);
}

TEST(FixedSum, SurvivesItsWords) {
  for (const double term : {-1.5, 0x1p-64, -0x1p-64, 1e18, -1e18}) {
    FixedSum sum;
    sum.add(term);
    EXPECT_EQ(FixedSum(sum.high(), sum.low()), sum) << term;
    EXPECT_EQ(static_cast<double>(sum.value()), term);
  }
}

TEST(FixedSum, ReportsOverflow) {
  FixedSum sum;
  EXPECT_THROW(sum.add(0x1p63), ConfigurationError);
  sum.add(0x1.8p62);
  EXPECT_THROW(sum.add(0x1.8p62), ConfigurationError);
}

TEST(ChannelSums, HaveTheMeanAndTheUnbiasedDeviation) {
  const at::Tensor tokens = at::randn({5, 16, 7}) * 2 - 3;
  ChannelSums sums(7);
  sums.add(tokens);
  const at::Tensor flat = tokens.flatten(0, 1).to(at::kDouble);
  for (int64_t c = 0; c < 7; ++c) {
    EXPECT_NEAR(sums.mean(c), flat.mean(0)[c].item<double>(), 1e-12);
    EXPECT_NEAR(sums.deviation(c), flat.std(0)[c].item<double>(), 1e-12);
  }
  EXPECT_EQ(sums.count(), 80);
}

TEST(ChannelSums, AreBitEqualForEveryOrderAndSharding) {
  const at::Tensor tokens = at::randn({6, 16, 7});
  ChannelSums whole(7), backwards(7), left(7), right(7);
  whole.add(tokens);
  for (int64_t i = 5; i >= 0; --i) backwards.add(tokens.slice(0, i, i + 1));
  left.add(tokens.slice(0, 4, 6));
  right.add(tokens.slice(0, 0, 4));
  left.merge(right);
  EXPECT_TRUE(at::equal(whole.words(), backwards.words()));
  EXPECT_TRUE(at::equal(whole.words(), left.words()));
  EXPECT_EQ(whole.count(), left.count());
}

TEST(ChannelSums, SurviveTheirWords) {
  ChannelSums sums(7);
  sums.add(at::randn({2, 16, 7}));
  const ChannelSums copy = ChannelSums::from_words(sums.words(), sums.count());
  EXPECT_TRUE(at::equal(copy.words(), sums.words()));
  EXPECT_EQ(copy.mean(3), sums.mean(3));
  EXPECT_EQ(copy.deviation(3), sums.deviation(3));
}

TEST(ChannelSums, AConstantChannelHasNoDeviation) {
  ChannelSums sums(1);
  sums.add(at::full({1, 16, 1}, 0.1));
  EXPECT_NEAR(sums.deviation(0), 0, 1e-9);
}

TEST(ChannelSums, RefuseValuesThatAreNotFiniteAndStayAsTheyWere) {
  ChannelSums sums(2);
  sums.add(at::randn({1, 16, 2}));
  const at::Tensor before = sums.words();
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 0x1p31f}) {
    at::Tensor tokens = at::randn({1, 16, 2});
    tokens[0][15][1] = bad;
    EXPECT_THROW(sums.add(tokens), ConfigurationError) << bad;
    EXPECT_TRUE(at::equal(sums.words(), before));
  }
}

TEST(ChannelSums, RefuseOtherChannelCounts) {
  ChannelSums sums(2);
  EXPECT_THROW(sums.add(at::randn({1, 16, 3})), ShapeError);
  EXPECT_THROW(sums.merge(ChannelSums(3)), ShapeError);
  EXPECT_THROW(ChannelSums::from_words(at::randn({2, 4}), 1), ShapeError);
}

}  // namespace
}  // namespace svgen::latent
