// SPDX-License-Identifier: MIT
// LPIPS from a file; the network's numbers are compared in the reference suite.
#include "eval/lpips_distance.h"

#include <gtest/gtest.h>

#include "svgen/error.h"
#include "svgen/picture.h"

namespace svgen::eval {
namespace {

const std::string kTiny = SVGEN_TEST_DATA "/tiny/svg_autoencoder_tiny.ckpt";
const std::string kOther = SVGEN_TEST_DATA "/tiny/dit_tiny.pt";

Picture pattern(int64_t side, int step) {
  Picture picture(side, side);
  for (size_t i = 0; i < picture.pixels.size(); ++i)
    picture.pixels[i] = static_cast<uint8_t>(i * static_cast<size_t>(step) % 251);
  return picture;
}

TEST(LoadLpips, FindsItInThePublishedCheckpointOnly) {
  EXPECT_NE(load_lpips(weights::open_weights(kTiny), at::kFloat, at::kCPU), nullptr);
  EXPECT_EQ(load_lpips(weights::open_weights(kOther), at::kFloat, at::kCPU), nullptr);
  EXPECT_EQ(load_lpips(nullptr, at::kFloat, at::kCPU), nullptr);
}

TEST(LpipsDistance, OfPictures) {
  LpipsDistance lpips(kTiny);
  const Picture a = pattern(32, 7), b = pattern(32, 11);
  EXPECT_EQ(lpips.distance(a.view(), a.view()), 0);
  EXPECT_NE(lpips.distance(a.view(), b.view()), 0);
  EXPECT_NEAR(lpips.distance(a.view(), b.view()), lpips.distance(b.view(), a.view()), 1e-7);
}

TEST(LpipsDistance, RefusesWhatDoesNotFit) {
  LpipsDistance lpips(kTiny);
  const Picture large = pattern(32, 7), small = pattern(15, 7);
  EXPECT_THROW(lpips.distance(large.view(), small.view()), ShapeError);
  EXPECT_THROW(lpips.distance(small.view(), small.view()), ShapeError);
  EXPECT_THROW(LpipsDistance{kOther}, WeightsError);
  EXPECT_THROW(LpipsDistance{"/nowhere/lpips.pth"}, IoError);
}

}  // namespace
}  // namespace svgen::eval
