// SPDX-License-Identifier: MIT
// The masks of phase 1; its losses are compared in the reference suite.
#include "train/autoencoder_step.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace svgen::train {
namespace {

TEST(AutoencoderStep, MasksTheAskedShare) {
  std::vector<int64_t> indices(4000);
  std::iota(indices.begin(), indices.end(), 0);
  const auto masked = [&](double ratio) {
    return draw_masks(1, indices, ratio).sum().item<int64_t>();
  };
  EXPECT_EQ(masked(0), 0);
  EXPECT_NEAR(masked(0.1), 400, 60);
  EXPECT_EQ(masked(1), 4000);
}

TEST(AutoencoderStep, MasksBelongToTheImage) {
  const std::vector<int64_t> indices = {5, 6, 7};
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(draw_masks(seed, indices, 0.5)[1].item<bool>(),
              draw_masks(seed, {&indices[1], 1}, 0.5)[0].item<bool>());
  }
}

}  // namespace
}  // namespace svgen::train
