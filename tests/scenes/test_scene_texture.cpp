// SPDX-License-Identifier: MIT
// Tests of textures.
#include "scenes/scene_texture.h"

#include <gtest/gtest.h>

namespace svgen::scene {
namespace {

TEST(FractalNoise, IsOfUnitOrderAroundZero) {
  double sum = 0, squares = 0;
  size_t count = 0;
  std::vector<float> field;
  for (uint64_t index = 0; index < 200; ++index) {
    SceneRandom random(1, index, Aspect::kBackground);
    fractal_noise(random, 32, 1, field);
    ASSERT_EQ(field.size(), 32u * 32u);
    for (const float value : field) {
      sum += value;
      squares += value * value;
      ++count;
    }
  }
  const double n = static_cast<double>(count);
  EXPECT_NEAR(sum / n, 0, 0.1);
  EXPECT_GT(std::sqrt(squares / n), 0.2);
  EXPECT_LT(std::sqrt(squares / n), 1);
}

// Mean squared difference of neighbours.
double roughness_of(float roughness) {
  std::vector<float> field;
  double sum = 0;
  for (uint64_t index = 0; index < 50; ++index) {
    SceneRandom random(1, index, Aspect::kBackground);
    fractal_noise(random, 64, roughness, field);
    for (size_t i = 1; i < field.size(); ++i)
      if (i % 64 != 0) sum += (field[i] - field[i - 1]) * (field[i] - field[i - 1]);
  }
  return sum;
}

TEST(FractalNoise, IsSmootherWhenHighOctavesAreWeaker) {
  EXPECT_LT(roughness_of(1.4f), 0.5 * roughness_of(0.7f));
}

TEST(PaintTexture, CoversTheCanvasAndVaries) {
  Canvas canvas;
  canvas.resize(16);
  for (uint64_t index = 0; index < 40; ++index) {
    for (int i = 0; i < 16 * 16; ++i) canvas.set(i % 16, i / 16, {-9, -9, -9});
    SceneRandom random(2, index, Aspect::kBackground);
    paint_texture(canvas, random);
    float low = 9, high = -9;
    for (int i = 0; i < 16 * 16; ++i) {
      low = std::min(low, canvas.get(i % 16, i / 16).g);
      high = std::max(high, canvas.get(i % 16, i / 16).g);
    }
    EXPECT_GE(low, -0.01f) << index;
    EXPECT_GT(high - low, 0.001f) << index;
  }
}

TEST(PaintLeaves, MoreLeavesLeaveLessGround) {
  Canvas canvas;
  canvas.resize(32);
  const auto changed = [&](int count) {
    SceneRandom first(1, 3, Aspect::kBackground), second(1, 3, Aspect::kBackground);
    paint_leaves(canvas, first, {0, 0.2f, 0.5f, 1});
    const Colour ground = canvas.get(0, 0);
    paint_leaves(canvas, second, {count, 0.2f, 0.5f, 1});
    int pixels = 0;
    for (int i = 0; i < 32 * 32; ++i) pixels += canvas.get(i % 32, i / 32).r != ground.r;
    return pixels;
  };
  EXPECT_EQ(changed(0), 0);
  EXPECT_GT(changed(3), 30);
  EXPECT_GT(changed(60), changed(3));
}

}  // namespace
}  // namespace svgen::scene
