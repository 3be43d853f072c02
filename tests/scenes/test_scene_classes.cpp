// SPDX-License-Identifier: MIT
// Tests of the table of classes and its figures.
#include "scenes/scene_classes.h"

#include <gtest/gtest.h>

namespace svgen::scene {
namespace {

Bounds bounds_of(const Part& part) {
  return std::visit([](const auto& shape) { return shape.bounds(); }, part.shape);
}

float distance_of(const Part& part, Point p) {
  return std::visit([&](const auto& shape) { return shape.distance(p); }, part.shape);
}

// Every part of every class, for a few random parameters.
template <typename Check>
void for_all_parts(Check check) {
  for (const SceneClass& row : scene_classes()) {
    for (uint64_t index = 0; index < 5; ++index) {
      SceneRandom random(1, index, Aspect::kParts);
      Parts parts;
      row.build(random, {{1, 0, 0}, {0, 1, 0}}, parts);
      ASSERT_FALSE(parts.empty()) << row.name;
      for (const Part& part : parts) check(row.name, part);
    }
  }
}

TEST(SceneClasses, PartsStayNearTheUnitCircle) {
  for_all_parts([](const char* name, const Part& part) {
    const Bounds b = bounds_of(part);
    EXPECT_LT(b.left, b.right) << name;
    EXPECT_LT(b.top, b.bottom) << name;
    for (const float side : {-b.left, -b.top, b.right, b.bottom}) EXPECT_LT(side, 1.1f) << name;
  });
}

TEST(SceneClasses, BoundsHoldEverythingInside) {
  for_all_parts([](const char* name, const Part& part) {
    const Bounds b = bounds_of(part);
    for (int i = -60; i <= 60; ++i) {
      for (int j = -60; j <= 60; ++j) {
        const Point p{static_cast<float>(i) / 50, static_cast<float>(j) / 50};
        if (distance_of(part, p) >= 0) continue;
        EXPECT_TRUE(p.x >= b.left && p.x <= b.right && p.y >= b.top && p.y <= b.bottom)
            << name << " " << p.x << "," << p.y;
      }
    }
  });
}

TEST(SceneClasses, DistancesNearTheOutlineAreContinuousAndNotTooSteep) {
  for_all_parts([](const char* name, const Part& part) {
    constexpr float kStep = 0.01f, kNear = 0.06f;
    for (int i = -110; i < 110; ++i) {
      for (int j = -110; j < 110; j += 7) {
        const Point p{static_cast<float>(i) * kStep, static_cast<float>(j) * kStep};
        const float here = distance_of(part, p), there = distance_of(part, {p.x + kStep, p.y});
        if (std::min(std::abs(here), std::abs(there)) > kNear) continue;
        // A true distance changes by the step at most; ellipses and the torus are estimates.
        EXPECT_LT(std::abs(here - there), 2 * kStep) << name << " " << p.x << "," << p.y;
      }
    }
  });
}

TEST(SceneClasses, EveryClassHasItsOwnNameAndSaneRow) {
  for (const SceneClass& row : scene_classes()) {
    EXPECT_TRUE(row.hue >= 0 && row.hue < 1) << row.name;
    EXPECT_TRUE(row.rotation > 0 && row.rotation < 3.15f) << row.name;
  }
}

}  // namespace
}  // namespace svgen::scene
