// SPDX-License-Identifier: MIT
// Tests of whole scenes.
#include "scenes/scene.h"

#include <set>
#include <thread>

#include "svgen/picture.h"
#include "svgen/support.h"

namespace svgen {
namespace {

constexpr int kSide = 32;

Picture scene(uint64_t seed, uint64_t index, int64_t label,
              Backgrounds backgrounds = Backgrounds::kVaried, int side = kSide) {
  Picture picture(side, side);
  render_scene(seed, index, label, backgrounds, picture.mutable_view());
  return picture;
}

double difference(const Picture& a, const Picture& b) {
  double sum = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / static_cast<double>(a.pixels.size());
}

const auto kClasses = static_cast<int64_t>(scene_class_names().size());

TEST(Scene, HasSixteenNamedClasses) {
  EXPECT_EQ(kClasses, 16);
  const auto& names = scene_class_names();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
}

TEST(Scene, DependsOnNothingThatWasDrawnBefore) {
  for (int64_t label = kTextureLabel; label < kClasses; ++label) {
    const Picture first = scene(3, 17, label);
    scene(4, 5, 0, Backgrounds::kPlain, 70);
    scene(3, 18, label);
    EXPECT_EQ(scene(3, 17, label).pixels, first.pixels) << label;
    Picture elsewhere;
    std::thread([&] { elsewhere = scene(3, 17, label); }).join();
    EXPECT_EQ(elsewhere.pixels, first.pixels) << label;
  }
}

TEST(Scene, PiecesKeepColoursAndBackgroundButNotTheShape) {
  constexpr int kLarge = 64;
  double moved = 0, behind = 0;
  for (int64_t label = 0; label < kClasses; ++label) {
    const auto index = static_cast<uint64_t>(label);
    const Picture whole = scene(3, index, label, Backgrounds::kPlain, kLarge);
    Picture pieces(kLarge, kLarge), again(kLarge, kLarge);
    render_pieces(3, index, label, Backgrounds::kPlain, pieces.mutable_view());
    scene(9, 1, 2);
    render_pieces(3, index, label, Backgrounds::kPlain, again.mutable_view());
    EXPECT_EQ(pieces.pixels, again.pixels) << "a function of seed and index";
    moved += difference(whole, pieces) / static_cast<double>(kClasses);
    // The corner is background.
    for (size_t i = 0; i < 3; ++i)
      behind +=
          std::abs(whole.pixels[i] - pieces.pixels[i]) / (3.0 * static_cast<double>(kClasses));
    double mean_whole = 0, mean_pieces = 0;
    for (size_t i = 0; i < whole.pixels.size(); ++i) {
      mean_whole += whole.pixels[i];
      mean_pieces += pieces.pixels[i];
    }
    const auto count = static_cast<double>(whole.pixels.size());
    EXPECT_NEAR(mean_whole / count, mean_pieces / count, 12) << label;
  }
  EXPECT_GT(moved, 8);
  EXPECT_EQ(behind, 0);
}

TEST(Scene, DiffersBySeedIndexAndLabel) {
  const Picture base = scene(1, 2, 4);
  EXPECT_GT(difference(base, scene(2, 2, 4)), 5);
  EXPECT_GT(difference(base, scene(1, 3, 4)), 5);
  EXPECT_GT(difference(base, scene(1, 2, 5)), 1);
  EXPECT_GT(difference(base, scene(1, 2 + (uint64_t{1} << 32), 4)), 5);
}

TEST(Scene, AnotherBackgroundLeavesTheObjectAsItIs) {
  constexpr int64_t kBall = 0;
  int different = 0;
  for (uint64_t i = 0; i < 20; ++i) {
    const Picture plain = scene(1, i, kBall, Backgrounds::kPlain);
    const Picture varied = scene(1, i, kBall, Backgrounds::kVaried);
    int same = 0;
    for (size_t k = 0; k < plain.pixels.size(); ++k) same += plain.pixels[k] == varied.pixels[k];
    // The smallest ball covers pi (.9 * .5)^2 / 4 = .16 of the picture; its rim is mixed.
    EXPECT_GT(same, static_cast<int>(plain.pixels.size()) / 10);
    different += plain.pixels != varied.pixels;
  }
  EXPECT_GE(different, 5);
}

TEST(Scene, AnotherSizeShowsTheSameScene) {
  for (int64_t label = 0; label < kClasses; ++label) {
    const Picture small = scene(1, 7, label, Backgrounds::kPlain, 32);
    const Picture large = scene(1, 7, label, Backgrounds::kPlain, 64);
    Picture halved(32, 32);
    for (size_t i = 0; i < halved.pixels.size(); ++i) {
      const size_t x = i / 3 % 32, y = i / 96, c = i % 3;
      const uint8_t* corner = &large.pixels[((2 * y) * 64 + 2 * x) * 3 + c];
      halved.pixels[i] =
          static_cast<uint8_t>((corner[0] + corner[3] + corner[192] + corner[195]) / 4);
    }
    EXPECT_LT(difference(small, halved), 4) << label;
  }
}

TEST(Scene, FillsEveryPackingOfPixelsAlike) {
  const Picture packed = scene(1, 2, 3);
  std::vector<uint8_t> planes(packed.pixels.size());
  constexpr size_t kPlane = kSide * kSide;
  render_scene(
      1, 2, 3, Backgrounds::kVaried,
      MutableImageView{kSide, kSide, {&planes[0], &planes[kPlane], &planes[2 * kPlane]}, kSide, 1});
  for (size_t i = 0; i < planes.size(); ++i)
    ASSERT_EQ(packed.pixels[i], planes[i % 3 * kPlane + i / 3]);
}

TEST(Scene, TexturesAreTheGivenShare) {
  constexpr int kImages = 20'000;
  int textures = 0;
  for (uint64_t i = 0; i < kImages; ++i) {
    textures += is_texture_scene(8, i, 0.2);
    ASSERT_FALSE(is_texture_scene(8, i, 0));
    ASSERT_TRUE(is_texture_scene(8, i, 1));
  }
  EXPECT_NEAR(textures, kImages * 0.2, 5 * std::sqrt(kImages * 0.2 * 0.8));
}

TEST(Scene, RefusesOtherShapesAndClasses) {
  Picture wide(8, 4);
  EXPECT_THROW(render_scene(0, 0, 0, Backgrounds::kPlain, wide.mutable_view()), ShapeError);
  EXPECT_THROW(scene(0, 0, 0, Backgrounds::kPlain, 0), ShapeError);
  EXPECT_THROW(scene(0, 0, kClasses), ConfigurationError);
  EXPECT_THROW(scene(0, 0, -2), ConfigurationError);
}

TEST(Scene, CanBeOnePixel) {
  for (int64_t label = kTextureLabel; label < kClasses; ++label)
    scene(0, 0, label, Backgrounds::kVaried, 1);
}

}  // namespace
}  // namespace svgen
