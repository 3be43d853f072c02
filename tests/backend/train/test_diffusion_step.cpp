// SPDX-License-Identifier: MIT
// The random draws of phase 2; its loss is compared in the reference suite.
#include "train/diffusion_step.h"

#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace svgen::train {
namespace {

const models::DitConfig kConfig{.channels = 3, .classes = 10, .tokens = 4};

TEST(DiffusionStep, DrawsBelongToTheImageNotToTheBatch) {
  const std::vector<int64_t> indices = {7, 8, 9}, labels = {1, 2, 3};
  const DiffusionDraws all = draw_diffusion(5, indices, labels, kConfig, 0.4, 0.5);
  const DiffusionDraws one =
      draw_diffusion(5, {&indices[2], 1}, {&labels[2], 1}, kConfig, 0.4, 0.5);
  EXPECT_TRUE(at::equal(all.noise[2], one.noise[0]));
  EXPECT_EQ(all.times[2].item<float>(), one.times[0].item<float>());
  EXPECT_EQ(all.labels[2].item<int64_t>(), one.labels[0].item<int64_t>());
  EXPECT_FALSE(at::equal(all.noise[0], all.noise[1]));
}

TEST(DiffusionStep, DropsTheAskedShareOfLabelsAndAllUnknownOnes) {
  std::vector<int64_t> indices(4000), labels(4000, 3);
  std::iota(indices.begin(), indices.end(), 0);
  const auto dropped = [&](double share) {
    return draw_diffusion(1, indices, labels, kConfig, 0.4, share)
        .labels.eq(10)
        .sum()
        .item<int64_t>();
  };
  EXPECT_EQ(dropped(0), 0);
  EXPECT_NEAR(dropped(0.1), 400, 60);
  EXPECT_EQ(dropped(1), 4000);
  labels.assign(4000, -1);
  EXPECT_EQ(dropped(0), 4000);
}

TEST(DiffusionStep, TimesHaveTheMeanOfTheShiftedDistribution) {
  std::vector<int64_t> indices(20000), labels(20000, 0);
  std::iota(indices.begin(), indices.end(), 0);
  const auto mean = [&](double shift) {
    return draw_diffusion(2, indices, labels, kConfig, shift, 0).times.mean().item<double>();
  };
  EXPECT_NEAR(mean(0), 0.5, 0.01);
  EXPECT_NEAR(mean(0.4), 0.351, 0.01);
  EXPECT_NEAR(mean(0.15), 0.217, 0.01);
}

}  // namespace
}  // namespace svgen::train
