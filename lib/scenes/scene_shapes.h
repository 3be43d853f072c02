// SPDX-License-Identifier: MIT
// Signed distances of plane figures, negative inside, each in closed form.
//
// A figure has distance(point) and bounds().
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace svgen::scene {

struct Point {
  float x = 0, y = 0;
};

inline Point operator-(Point a, Point b) {
  return {a.x - b.x, a.y - b.y};
}
inline float dot(Point a, Point b) {
  return a.x * b.x + a.y * b.y;
}
inline float length(Point p) {
  return std::sqrt(dot(p, p));
}

struct Bounds {
  float left = 0, top = 0, right = 0, bottom = 0;

  Bounds joined(const Bounds& o) const {
    return {std::min(left, o.left), std::min(top, o.top), std::max(right, o.right),
            std::max(bottom, o.bottom)};
  }
};

inline Bounds around(Point centre, float half_width, float half_height) {
  return {centre.x - half_width, centre.y - half_height, centre.x + half_width,
          centre.y + half_height};
}

struct Circle {
  Point centre;
  float radius;

  float distance(Point p) const { return length(p - centre) - radius; }
  Bounds bounds() const { return around(centre, radius, radius); }
};

/// An ellipse, to first order: f / |grad f| for f = |p / radii| - 1.
struct Ellipse {
  Point centre;
  Point radii;

  float distance(Point p) const {
    constexpr float kCentre = 1e-4f;  // f has no gradient in the middle
    const Point u{(p.x - centre.x) / radii.x, (p.y - centre.y) / radii.y};
    const float f = std::max(length(u), kCentre);
    const float slope =
        std::max(length({u.x / radii.x, u.y / radii.y}), kCentre / std::min(radii.x, radii.y));
    return (f - 1) * f / slope;
  }
  Bounds bounds() const { return around(centre, radii.x, radii.y); }
};

struct Box {
  Point centre;
  Point half;
  float rounding = 0;

  float distance(Point p) const {
    const float x = std::abs(p.x - centre.x) - half.x + rounding;
    const float y = std::abs(p.y - centre.y) - half.y + rounding;
    return length({std::max(x, 0.0f), std::max(y, 0.0f)}) + std::min(std::max(x, y), 0.0f) -
           rounding;
  }
  Bounds bounds() const { return around(centre, half.x, half.y); }
};

/// Distance to the nearest edge; inside by the parity of crossings of a ray.
template <size_t kCorners>
struct Polygon {
  std::array<Point, kCorners> corners;

  float distance(Point p) const {
    float nearest = std::numeric_limits<float>::max();
    int inside = 0;
    for (size_t i = 0, j = kCorners - 1; i < kCorners; j = i++) {
      const Point a = corners[i], edge = corners[j] - a, to = p - a;
      const float along = std::clamp(dot(to, edge) / dot(edge, edge), 0.0f, 1.0f);
      const Point off{to.x - edge.x * along, to.y - edge.y * along};
      nearest = std::min(nearest, dot(off, off));
      const bool straddles = (a.y > p.y) != (corners[j].y > p.y);
      const bool left_of = (to.x * edge.y < to.y * edge.x) == (edge.y > 0);
      inside ^= static_cast<int>(straddles) & static_cast<int>(left_of);
    }
    return inside != 0 ? -std::sqrt(nearest) : std::sqrt(nearest);
  }
  Bounds bounds() const {
    Bounds box = around(corners[0], 0, 0);
    for (const Point& corner : corners) box = box.joined(around(corner, 0, 0));
    return box;
  }
};

using Triangle = Polygon<3>;
using Quad = Polygon<4>;
using Star = Polygon<10>;

/// A circle's line of some width.
struct Annulus {
  Point centre;
  float radius;
  float half_width;

  float distance(Point p) const { return std::abs(length(p - centre) - radius) - half_width; }
  Bounds bounds() const { return around(centre, radius + half_width, radius + half_width); }
};

/// A ring seen from the side: an annulus squeezed to `squeeze` of its height; distances scaled down
/// so that none is overestimated much.
struct Torus {
  static constexpr float kRadius = 0.6f, kSteepest = 0.85f;
  float squeeze;
  float thickness;

  float scale() const { return std::min(squeeze, kSteepest); }
  float distance(Point p) const {
    return (std::abs(length({p.x, p.y / squeeze}) - kRadius) - thickness) * scale();
  }
  Bounds bounds() const { return around({}, kRadius + thickness, (kRadius + thickness) * squeeze); }
};

/// The square with corners (0,0), (+-1/2,1/2), (0,1) and two discs on its upper sides, y up; scaled
/// and moved into the unit square, y down.
struct Heart {
  static constexpr float kScale = 1.75f, kOffset = 0.52f;

  float distance(Point p) const {
    const Point h{std::abs(p.x) / kScale, -p.y / kScale + kOffset};
    constexpr float kDisc = 0.35355339f;  // half the square's side
    const float disc = length(h - Point{0.25f, 0.75f}) - kDisc;
    const float along = std::max(h.x + h.y, 0.0f) / 2;
    const float side = std::min(length(h - Point{along, along}), length(h - Point{0, 1}));
    const float below = h.x > h.y ? side : -side;
    return kScale * (h.x + h.y > 1 ? disc : below);
  }
  Bounds bounds() const { return around({}, 1.06f, 1.05f); }
};

/// `count` ellipses around the centre, their long axes outwards.
struct Petals {
  static constexpr int kMost = 8;
  static constexpr float kReach = 0.58f, kHalfLength = 0.38f;
  int count;
  float half_width;
  std::array<Point, kMost> directions;

  float distance(Point p) const {
    const Ellipse petal{{kReach, 0}, {kHalfLength, half_width}};
    float nearest = std::numeric_limits<float>::max();
    for (int i = 0; i < count; ++i) {
      const Point d = directions[static_cast<size_t>(i)];
      nearest = std::min(nearest, petal.distance({dot(p, d), d.x * p.y - d.y * p.x}));
    }
    return nearest;
  }
  Bounds bounds() const { return around({}, kReach + kHalfLength, kReach + kHalfLength); }
};

}  // namespace svgen::scene
