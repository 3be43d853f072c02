// SPDX-License-Identifier: MIT
// A walk starts at each image's own noise and stays as strong as noise where it is spherical.
#include "svgen/noise_walk.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "svgen/random.h"

namespace svgen {
namespace {

constexpr size_t kNumbers = 4096;

std::vector<float> noise_of(uint64_t image) {
  std::vector<float> noise(kNumbers);
  normal_noise(3, image, 0, noise);
  return noise;
}

std::vector<float> walked(NoiseWalk walk, const WalkPlace& place) {
  std::vector<float> noise(kNumbers);
  walk_noise(walk, 3, place, noise);
  return noise;
}

double deviation(const std::vector<float>& noise) {
  double sum = 0;
  for (const float x : noise) sum += static_cast<double>(x) * x;
  return std::sqrt(sum / static_cast<double>(noise.size()));
}

TEST(NoiseWalk, CountsFramesFromImageToImage) {
  EXPECT_EQ(walk_place(0, 30), (WalkPlace{0, 0}));
  EXPECT_EQ(walk_place(15, 30), (WalkPlace{0, 0.5}));
  EXPECT_EQ(walk_place(60, 30), (WalkPlace{2, 0}));
  EXPECT_EQ(walk_place(7, 1), (WalkPlace{7, 0}));
}

TEST(NoiseWalk, TurningPointsAreTheNoiseOfTheImages) {
  for (const NoiseWalk walk : {NoiseWalk::kNone, NoiseWalk::kLinear, NoiseWalk::kSpherical})
    EXPECT_EQ(walked(walk, {5, 0}), noise_of(5));
}

TEST(NoiseWalk, HalfWayIsAsFarFromBothSides) {
  const std::vector<float> a = noise_of(5), b = noise_of(6);
  const std::vector<float> linear = walked(NoiseWalk::kLinear, {5, 0.5});
  for (size_t i = 0; i < kNumbers; ++i) EXPECT_NEAR(linear[i], (a[i] + b[i]) / 2, 1e-6);
}

// Independent noises of n numbers are at right angles but for 1 / sqrt(n).
TEST(NoiseWalk, SphericalStaysAsStrongAsNoiseAndLinearDoesNot) {
  EXPECT_NEAR(deviation(walked(NoiseWalk::kSpherical, {5, 0.5})), 1, 0.03);
  EXPECT_NEAR(deviation(walked(NoiseWalk::kLinear, {5, 0.5})), std::sqrt(0.5), 0.03);
}

TEST(NoiseWalk, ComesCloseToTheNextImage) {
  const std::vector<float> near = walked(NoiseWalk::kSpherical, {5, 0.999}), next = noise_of(6);
  for (size_t i = 0; i < kNumbers; ++i) EXPECT_NEAR(near[i], next[i], 0.01);
}

}  // namespace
}  // namespace svgen
