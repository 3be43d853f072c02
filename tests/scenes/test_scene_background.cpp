// SPDX-License-Identifier: MIT
// Tests of backgrounds.
#include "scenes/scene_background.h"

#include <gtest/gtest.h>

namespace svgen::scene {
namespace {

TEST(SceneBackground, CoversEveryPixelWithAColour) {
  Canvas canvas;
  canvas.resize(24);
  for (const Backgrounds choice : {Backgrounds::kPlain, Backgrounds::kVaried}) {
    for (uint64_t index = 0; index < 60; ++index) {
      for (int y = 0; y < 24; ++y)
        for (int x = 0; x < 24; ++x) canvas.set(x, y, {-1, -1, -1});
      SceneRandom random(1, index, Aspect::kBackground);
      paint_background(canvas, random, choice);
      for (int y = 0; y < 24; ++y) {
        for (int x = 0; x < 24; ++x) {
          const Colour c = canvas.get(x, y);
          ASSERT_GE(std::min({c.r, c.g, c.b}), -1e-3f) << index;
          ASSERT_LE(std::max({c.r, c.g, c.b}), 1.5f) << index;  // leaves may be overexposed
        }
      }
    }
  }
}

// The largest step between neighbours tells gradients from patterns.
float largest_step(Canvas& canvas) {
  float step = 0;
  for (int y = 0; y < canvas.side(); ++y)
    for (int x = 1; x < canvas.side(); ++x)
      step = std::max(step, std::abs(canvas.get(x, y).g - canvas.get(x - 1, y).g));
  return step;
}

TEST(SceneBackground, PlainOnesHaveNoPatternAlongARow) {
  Canvas canvas;
  canvas.resize(64);
  float plain = 0, varied = 0;
  for (uint64_t index = 0; index < 60; ++index) {
    SceneRandom a(1, index, Aspect::kBackground), b(1, index, Aspect::kBackground);
    paint_background(canvas, a, Backgrounds::kPlain);
    plain = std::max(plain, largest_step(canvas));
    paint_background(canvas, b, Backgrounds::kVaried);
    varied = std::max(varied, largest_step(canvas));
  }
  EXPECT_LT(plain, 0.04f);
  EXPECT_GT(varied, 0.2f);
}

}  // namespace
}  // namespace svgen::scene
