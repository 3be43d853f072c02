// SPDX-License-Identifier: MIT
// Tests of light, shadow and paint.
#include "scenes/scene_painter.h"

#include <gtest/gtest.h>

#include <numbers>

namespace svgen::scene {
namespace {

constexpr int kSide = 64;
constexpr Colour kGround{0.5f, 0.5f, 0.5f};

Canvas painted(const Parts& parts, const Pose& pose, const Light& light) {
  Canvas canvas;
  canvas.resize(kSide);
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) canvas.set(x, y, kGround);
  Painter().paint(canvas, parts, pose, light);
  return canvas;
}

Light from_above() {
  Light light;
  light.direction = normalised({0, -1, 1});
  light.half = normalised({0, -1, 2});
  light.ambient = 0.4f;
  return light;
}

TEST(SceneLight, FollowsTheFormula) {
  Light light = from_above();
  light.gloss = 0.3f;
  const Vector normal = normalised({0.2f, -0.3f, 0.8f});
  const float lit = 0.4f + 0.62f * dot(normal, light.direction);
  const float spot = 0.3f * 0.25f * std::pow(dot(normal, light.half), 30.0f);
  const Colour c = light.shade({0.5f, 1, 0}, normal, 0.25f);
  EXPECT_NEAR(c.r, 0.5f * lit + spot, 1e-5);
  EXPECT_NEAR(c.g, lit + spot, 1e-5);
  EXPECT_NEAR(c.b, spot, 1e-5);
}

TEST(SceneLight, ASurfaceTurnedAwayHasTheAmbientPart) {
  const Colour c = from_above().shade({1, 1, 1}, {0, 1, 0}, 1);
  EXPECT_FLOAT_EQ(c.r, 0.4f);
}

TEST(ScenePainter, AFlatDiscCoversItsArea) {
  Pose pose;
  pose.radius = 0.6f;
  Light light = from_above();
  light.direction = light.half = {0, 0, 1};  // no shadow beside it
  const Parts disc = {{Circle{{}, 1}, Facing{}, {1, 0, 0}}};
  Canvas canvas = painted(disc, pose, light);
  double covered = 0;
  const float red = 0.4f + 0.62f;
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x)
      covered += std::max(0.0f, (canvas.get(x, y).r - kGround.r) / (red - kGround.r));
  const double area = std::numbers::pi * 0.6 * 0.6 / 4 * kSide * kSide;
  EXPECT_NEAR(covered, area, 0.02 * area);
}

TEST(ScenePainter, ASphereIsBrightTowardsTheLight) {
  Pose pose;
  pose.radius = 0.7f;
  Canvas canvas = painted({{Circle{{}, 0.9f}, Bevel{0.9f}, {1, 1, 1}}}, pose, from_above());
  EXPECT_GT(canvas.get(32, 20).r, canvas.get(32, 44).r + 0.2f);
  EXPECT_NEAR(canvas.get(20, 32).r, canvas.get(43, 32).r, 0.02f);
}

TEST(ScenePainter, TheShadowFallsAwayFromTheLight) {
  Pose pose;
  pose.radius = 0.5f;
  Light light = from_above();
  light.shadow = 0.2f;
  Canvas canvas = painted({{Circle{{}, 0.8f}, Facing{}, {1, 1, 1}}}, pose, light);
  const int below = canvas.from(0.45f), above = canvas.from(-0.45f);
  EXPECT_LT(canvas.get(32, below).g, 0.42f);
  EXPECT_GT(canvas.get(32, above).g, 0.48f);
}

TEST(ScenePainter, TurnsAndMirrorsTheObject) {
  Pose pose;
  pose.radius = 0.8f;
  const Parts dot_right = {{Circle{{0.7f, 0}, 0.15f}, Facing{}, {1, 0, 0}}};
  Canvas plain = painted(dot_right, pose, from_above());
  EXPECT_GT(plain.get(plain.from(0.56f), 32).r, 0.6f);
  pose.mirror = -1;
  Canvas mirrored = painted(dot_right, pose, from_above());
  EXPECT_GT(mirrored.get(mirrored.from(-0.56f), 32).r, 0.6f);
  pose.mirror = 1;
  pose.cos = 0;
  pose.sin = 1;  // a quarter turn takes right to down
  Canvas turned = painted(dot_right, pose, from_above());
  EXPECT_GT(turned.get(32, turned.from(0.56f)).r, 0.6f);
}

TEST(ScenePainter, PaintsWhatReachesBeyondThePicture) {
  Pose pose;
  pose.centre = {0.95f, -0.95f};
  pose.radius = 0.8f;
  Canvas canvas = painted({{Circle{{}, 0.9f}, Bevel{0.4f}, {1, 0, 0}}}, pose, from_above());
  EXPECT_GT(canvas.get(kSide - 1, 0).r, canvas.get(kSide - 1, 0).g + 0.2f);
  EXPECT_FLOAT_EQ(canvas.get(0, kSide - 1).r, kGround.r);
}

TEST(ScenePose, KeepsTheObjectInside) {
  for (uint64_t index = 0; index < 1000; ++index) {
    SceneRandom random(1, index, Aspect::kPose);
    const Pose pose = Pose::drawn(random, 0.5f, true);
    EXPECT_LE(std::abs(pose.centre.x) + pose.radius, 1);
    EXPECT_LE(std::abs(pose.centre.y) + pose.radius, 1);
    EXPECT_NEAR(pose.cos * pose.cos + pose.sin * pose.sin, 1, 1e-5);
    EXPECT_GE(pose.cos, std::cos(0.51f));
  }
}

}  // namespace
}  // namespace svgen::scene
