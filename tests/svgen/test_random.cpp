// SPDX-License-Identifier: MIT
// Tests of Philox, the noise and the random classes.
#include "svgen/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace svgen {
namespace {

using ::testing::ElementsAre;

constexpr uint64_t kSeed = 0x0123456789ABCDEF;

std::vector<float> noise(uint64_t seed, uint64_t image, uint64_t first, size_t count) {
  std::vector<float> values(count);
  normal_noise(seed, image, first, values);
  return values;
}

double correlation(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum / static_cast<double>(a.size());
}

// The known answers published with the Random123 library.
TEST(Philox, ZeroCounterAndKey) {
  EXPECT_THAT(philox({0, 0, 0, 0}, {0, 0}),
              ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
}

TEST(Philox, CounterAndKeyOfOnes) {
  constexpr uint32_t kOnes = 0xffffffff;
  EXPECT_THAT(philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
              ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
}

TEST(Philox, CounterAndKeyOfPi) {
  EXPECT_THAT(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
              ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(NormalNoise, IsBoxMullerOfTheDocumentedBlock) {
  constexpr uint64_t kImage = 0x00000007'00000005, kElement = 8;  // block 2, from its start
  const auto bits = philox({2, 0, 5, 7}, {0x89ABCDEF, 0x01234567});
  const std::vector<float> values = noise(kSeed, kImage, kElement, 4);
  for (int pair = 0; pair < 2; ++pair) {
    const double u = (bits[2 * pair] + 0.5) / 4294967296.0;
    const double v = (bits[2 * pair + 1] + 0.5) / 4294967296.0;
    const double radius = std::sqrt(-2 * std::log(u)), angle = 2 * std::numbers::pi * v;
    EXPECT_FLOAT_EQ(values[2 * pair], static_cast<float>(radius * std::cos(angle)));
    EXPECT_FLOAT_EQ(values[2 * pair + 1], static_cast<float>(radius * std::sin(angle)));
  }
}

TEST(NormalNoise, RepeatsForTheSameArguments) {
  EXPECT_EQ(noise(kSeed, 3, 0, 1001), noise(kSeed, 3, 0, 1001));
}

TEST(NormalNoise, EverySliceEqualsThatPartOfTheWhole) {
  constexpr size_t kTotal = 23;
  const std::vector<float> whole = noise(kSeed, 3, 0, kTotal);
  for (size_t first = 0; first < kTotal; ++first) {
    for (size_t count = 0; first + count <= kTotal; ++count) {
      const auto begin = whole.begin() + static_cast<ptrdiff_t>(first);
      EXPECT_EQ(noise(kSeed, 3, first, count),
                std::vector<float>(begin, begin + static_cast<ptrdiff_t>(count)))
          << count << " from " << first;
    }
  }
}

TEST(NormalNoise, ReachesFarElementsDirectly) {
  constexpr uint64_t kFar = (uint64_t{1} << 33) + 1;
  const std::vector<float> values = noise(kSeed, 0, kFar - 1, 8);
  EXPECT_EQ(noise(kSeed, 0, kFar, 1)[0], values[1]);
  EXPECT_NE(values, noise(kSeed, 0, 0, 8));
}

TEST(NormalNoise, AnEmptySpanIsAllowed) {
  EXPECT_TRUE(noise(kSeed, 0, 5, 0).empty());
}

TEST(NormalNoise, HasTheMomentsOfTheStandardNormal) {
  constexpr size_t kDraws = 1'000'000;
  double moments[4] = {};
  for (const float value : noise(kSeed, 11, 0, kDraws)) {
    double power = 1;
    for (double& moment : moments) moment += (power *= value) / kDraws;
  }
  // Five standard deviations: sqrt(Var[x^k] / n) with Var = 1, 2, 15, 96.
  EXPECT_NEAR(moments[0], 0, 5 * std::sqrt(1.0 / kDraws));
  EXPECT_NEAR(moments[1], 1, 5 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(moments[2], 0, 5 * std::sqrt(15.0 / kDraws));
  EXPECT_NEAR(moments[3], 3, 5 * std::sqrt(96.0 / kDraws));
}

TEST(NormalNoise, HasTheTailsOfTheStandardNormal) {
  constexpr size_t kDraws = 1'000'000;
  int beyond[4] = {};
  for (const float value : noise(kSeed, 12, 0, kDraws))
    for (int k = 1; k < 4; ++k) beyond[k] += std::abs(value) > k;
  const double shares[] = {1, 0.317310508, 0.045500264, 0.002699796};
  for (int k = 1; k < 4; ++k) {
    const double tolerance = 5 * std::sqrt(shares[k] * (1 - shares[k]) / kDraws);
    EXPECT_NEAR(static_cast<double>(beyond[k]) / kDraws, shares[k], tolerance) << k;
  }
}

TEST(NormalNoise, NeighbouringElementsAreUncorrelated) {
  constexpr size_t kDraws = 100'000;
  for (const uint64_t lag : {1, 2, 3, 4}) {
    EXPECT_NEAR(correlation(noise(kSeed, 0, 0, kDraws), noise(kSeed, 0, lag, kDraws)), 0,
                5 / std::sqrt(kDraws))
        << lag;
  }
}

TEST(NormalNoise, DifferentImagesAreUncorrelated) {
  constexpr size_t kDraws = 100'000;
  const std::vector<float> base = noise(kSeed, 0, 0, kDraws);
  for (const uint64_t image : {uint64_t{1}, uint64_t{2}, uint64_t{1} << 32, ~uint64_t{0}}) {
    EXPECT_NEAR(correlation(base, noise(kSeed, image, 0, kDraws)), 0, 5 / std::sqrt(kDraws))
        << image;
  }
}

TEST(NormalNoise, DifferentSeedsAreUncorrelated) {
  constexpr size_t kDraws = 100'000;
  const std::vector<float> base = noise(0, 0, 0, kDraws);
  for (const uint64_t seed : {uint64_t{1}, uint64_t{1} << 32, ~uint64_t{0}})
    EXPECT_NEAR(correlation(base, noise(seed, 0, 0, kDraws)), 0, 5 / std::sqrt(kDraws)) << seed;
}

TEST(RandomClass, StaysInRange) {
  for (const int64_t count : {int64_t{1}, int64_t{2}, int64_t{3}, int64_t{1000}, INT64_MAX}) {
    for (uint64_t image = 0; image < 10'000; ++image) {
      const int64_t label = random_class(kSeed, image, count);
      ASSERT_GE(label, 0);
      ASSERT_LT(label, count);
    }
  }
}

TEST(RandomClass, RepeatsForTheSameArguments) {
  for (uint64_t image = 0; image < 100; ++image)
    EXPECT_EQ(random_class(kSeed, image, 1000), random_class(kSeed, image, 1000));
}

TEST(RandomClass, DependsOnTheSeed) {
  int equal = 0;
  for (uint64_t image = 0; image < 10'000; ++image)
    equal += random_class(1, image, 1000) == random_class(2, image, 1000);
  EXPECT_LT(equal, 10 + 5 * std::sqrt(10.0));
}

TEST(RandomClass, IsUniform) {
  constexpr int kCount = 16, kImages = 160'000;
  std::vector<int> histogram(kCount);
  for (uint64_t image = 0; image < kImages; ++image)
    ++histogram[static_cast<size_t>(random_class(kSeed, image, kCount))];
  double chi_square = 0;
  constexpr double kMean = static_cast<double>(kImages) / kCount;
  for (const int hits : histogram) chi_square += (hits - kMean) * (hits - kMean) / kMean;
  // 15 degrees of freedom: above 44.3 with probability 1e-4, below 1.7 with 1e-5.
  EXPECT_LT(chi_square, 44.3);
  EXPECT_GT(chi_square, 1.7);
}

TEST(RandomClass, DrawsFromAnotherStreamThanTheNoise) {
  const auto as_class = philox({0, static_cast<uint32_t>(RandomPurpose::kClass), 0, 0}, {0, 0});
  const auto as_noise = philox({0, static_cast<uint32_t>(RandomPurpose::kNoise), 0, 0}, {0, 0});
  EXPECT_NE(as_class, as_noise);
  const unsigned __int128 wide = (static_cast<uint64_t>(as_class[1]) << 32) | as_class[0];
  EXPECT_EQ(random_class(0, 0, 1000), static_cast<int64_t>((wide * 1000) >> 64));
}

TEST(StepNoise, IsAFunctionOfSeedImageAndStep) {
  const auto noise = [](uint64_t seed, uint64_t image, uint64_t step) {
    std::vector<float> values(6);
    step_noise(seed, image, step, values);
    return values;
  };
  const std::vector<float> first = noise(1, 2, 3);
  EXPECT_EQ(noise(1, 2, 3), first);
  EXPECT_NE(noise(2, 2, 3), first);
  EXPECT_NE(noise(1, 3, 3), first);
  EXPECT_NE(noise(1, 2, 4), first);
}

}  // namespace
}  // namespace svgen
