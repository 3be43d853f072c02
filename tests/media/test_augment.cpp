// SPDX-License-Identifier: MIT
// Augmented views: what is drawn stays in bounds, what is applied does what it says.
#include "media/augment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "svgen/picture.h"

namespace svgen {
namespace {

Picture gradient(int64_t width, int64_t height) {
  Picture picture(width, height);
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c)
        picture.mutable_view().row(c, y)[x * 3] =
            static_cast<uint8_t>((x * (c + 1) * 5 + y * 3) % 256);
  return picture;
}

AugmentedView whole(int64_t width, int64_t height) {
  AugmentedView view{0, 0, width, height, false, false, {}};
  for (int c = 0; c < 3; ++c) view.colours.gain[c][c] = 1;
  return view;
}

TEST(DrawView, IsAFunctionOfItsArguments) {
  const AugmentOptions options;
  const auto key = [&](uint64_t seed, uint64_t image, uint32_t number) {
    const AugmentedView v = draw_view(seed, image, number, options, 64, 48);
    return std::tuple(v.x, v.y, v.width, v.height, v.flip, v.blur, v.colours.gain[0][0]);
  };
  EXPECT_EQ(key(1, 2, 3), key(1, 2, 3));
  std::set<decltype(key(0, 0, 0))> all;
  for (uint64_t i = 0; i < 20; ++i) all.insert({key(i, 0, 0), key(99, i, 0)});
  for (uint32_t i = 0; i < 10; ++i) all.insert(key(98, 0, i));
  EXPECT_EQ(all.size(), 50u);
}

TEST(DrawView, CropsLieInThePictureAndHaveTheAreaAskedFor) {
  AugmentOptions options;
  options.smallest_crop = 0.2;
  options.largest_crop = 0.5;
  for (const auto& [width, height] : {std::pair<int64_t, int64_t>{64, 64}, {300, 200}, {8, 8}}) {
    for (uint64_t i = 0; i < 200; ++i) {
      const AugmentedView v = draw_view(5, i, 0, options, width, height);
      ASSERT_GE(v.x, 0);
      ASSERT_GE(v.y, 0);
      ASSERT_GE(std::min(v.width, v.height), 1);
      ASSERT_LE(v.x + v.width, width);
      ASSERT_LE(v.y + v.height, height);
      const double area =
          static_cast<double>(v.width * v.height) / static_cast<double>(width * height);
      if (width < 64) continue;  // rounded to few pixels
      EXPECT_GT(area, 0.17);
      EXPECT_LT(area, 0.53);
    }
  }
}

TEST(DrawView, SharesAreKept) {
  AugmentOptions options;
  options.blur_share = 0.25;
  options.grey_share = 0.5;
  int flips = 0, blurs = 0, greys = 0;
  for (uint64_t i = 0; i < 2000; ++i) {
    const AugmentedView v = draw_view(1, i, 1, options, 32, 32);
    flips += v.flip;
    blurs += v.blur;
    greys += std::abs(v.colours.gain[0][1] - v.colours.gain[1][1]) < 0.01;
  }
  EXPECT_NEAR(flips / 2000.0, 0.5, 0.04);
  EXPECT_NEAR(blurs / 2000.0, 0.25, 0.04);
  EXPECT_NEAR(greys / 2000.0, 0.5, 0.04);
}

TEST(DrawView, WithoutJitterColoursStay) {
  AugmentOptions options;
  options.jitter_share = options.grey_share = 0;
  const ColourMap map = draw_view(1, 2, 3, options, 32, 32).colours;
  for (int i = 0; i < 3; ++i) {
    EXPECT_NEAR(map.offset[i], 0, 1e-9);
    for (int j = 0; j < 3; ++j) EXPECT_NEAR(map.gain[i][j], i == j ? 1 : 0, 2e-3);  // YIQ's digits
  }
}

TEST(DrawView, HueTurnsKeepTheLuma) {
  AugmentOptions options;
  options.brightness = options.contrast = options.saturation = options.grey_share = 0;
  options.jitter_share = 1;
  options.hue = 0.5;
  for (uint64_t i = 0; i < 50; ++i) {
    const ColourMap map = draw_view(1, i, 0, options, 32, 32).colours;
    for (int j = 0; j < 3; ++j) {
      const double luma = 0.299 * map.gain[0][j] + 0.587 * map.gain[1][j] + 0.114 * map.gain[2][j];
      const double kept[] = {0.299, 0.587, 0.114};
      EXPECT_NEAR(luma, kept[j], 2e-3);
    }
  }
}

TEST(ApplyView, TheWholePictureIsThePicture) {
  const Picture source = gradient(24, 16);
  Picture out(24, 16);
  apply_view(source.view(), whole(24, 16), out.mutable_view());
  EXPECT_EQ(out.pixels, source.pixels);
}

TEST(ApplyView, CutsAndMirrors) {
  const Picture source = gradient(24, 16);
  AugmentedView view = whole(8, 8);
  view.x = 5;
  view.y = 3;
  view.flip = true;
  Picture out(8, 8);
  apply_view(source.view(), view, out.mutable_view());
  for (int64_t y = 0; y < 8; ++y)
    for (int64_t x = 0; x < 8; ++x)
      EXPECT_EQ(out.view().row(1, y)[x * 3], source.view().row(1, y + 3)[(5 + 7 - x) * 3]);
}

TEST(ApplyView, BlurKeepsTheMeanAndSmoothes) {
  Picture source(16, 16);
  for (size_t i = 0; i < source.pixels.size(); ++i)
    source.pixels[i] = static_cast<uint8_t>((i / 3 + i / 48) % 2 * 200);  // a checkerboard
  AugmentedView view = whole(16, 16);
  view.blur = true;
  Picture out(16, 16);
  apply_view(source.view(), view, out.mutable_view());
  const auto [low, high] = std::minmax_element(out.pixels.begin(), out.pixels.end());
  EXPECT_NEAR(*low, 100, 51);
  EXPECT_NEAR(*high, 100, 51);
  EXPECT_EQ(out.view().row(0, 8)[8 * 3], 100);
}

TEST(DrawView, ResolutionAndNoiseAreLostWhenAsked) {
  AugmentOptions options;
  EXPECT_EQ(draw_view(1, 2, 3, options, 32, 32).coarse, 1);
  EXPECT_EQ(draw_view(1, 2, 3, options, 32, 32).noise, 0);
  options.coarse_share = 0.25;
  options.noise = 20;
  int coarse = 0;
  double noise = 0;
  for (uint64_t i = 0; i < 2000; ++i) {
    const AugmentedView v = draw_view(1, i, 1, options, 32, 32);
    coarse += v.coarse >= 2 && v.coarse <= 4;
    noise = std::max(noise, v.noise);
  }
  EXPECT_NEAR(coarse / 2000.0, 0.25, 0.04);
  EXPECT_NEAR(noise, 20, 0.1);
}

TEST(ApplyView, CoarseViewsLoseDetail) {
  Picture source(16, 16);
  for (size_t i = 0; i < source.pixels.size(); ++i)
    source.pixels[i] = static_cast<uint8_t>((i / 3 + i / 48) % 2 * 200);  // a checkerboard
  AugmentedView view = whole(16, 16);
  view.coarse = 4;
  Picture out(16, 16);
  apply_view(source.view(), view, out.mutable_view());
  const auto [low, high] = std::minmax_element(out.pixels.begin(), out.pixels.end());
  EXPECT_GT(*low, 80);
  EXPECT_LT(*high, 120);
}

TEST(ApplyView, NoiseHasItsDeviation) {
  Picture source(64, 64), out(64, 64);
  std::fill(source.pixels.begin(), source.pixels.end(), uint8_t{128});
  AugmentedView view = whole(64, 64);
  view.noise = 10;
  view.noise_key = 7;
  apply_view(source.view(), view, out.mutable_view());
  double sum = 0, squares = 0;
  for (const uint8_t level : out.pixels) {
    sum += level - 128.0;
    squares += (level - 128.0) * (level - 128.0);
  }
  EXPECT_NEAR(sum / static_cast<double>(out.pixels.size()), 0, 0.5);
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(out.pixels.size())), 10, 0.3);
}

TEST(ApplyView, ColoursAreClamped) {
  const Picture source = gradient(8, 8);
  AugmentedView view = whole(8, 8);
  view.colours.offset = {300, -300, 0};
  Picture out(8, 8);
  apply_view(source.view(), view, out.mutable_view());
  EXPECT_EQ(out.pixels[0], 255);
  EXPECT_EQ(out.pixels[1], 0);
}

}  // namespace
}  // namespace svgen
