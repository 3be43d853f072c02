// SPDX-License-Identifier: MIT
// The canvas of a scene: three planes of linear numbers in [0, 1], and colours.
//
// Coordinates: pixel centres in [-1, 1] x [-1, 1], y down.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace svgen::scene {

struct Colour {
  float r = 0, g = 0, b = 0;
};

inline Colour operator*(const Colour& c, float k) {
  return {c.r * k, c.g * k, c.b * k};
}
inline Colour operator+(const Colour& a, const Colour& b) {
  return {a.r + b.r, a.g + b.g, a.b + b.b};
}
inline Colour mix(const Colour& a, const Colour& b, float t) {
  return a * (1 - t) + b * t;
}

/// Hue in turns (any number), saturation and value in [0, 1].
inline Colour hsv(float hue, float saturation, float value) {
  const auto channel = [&](float phase) {
    const float turns = hue + phase - std::floor(hue + phase);
    const float ramp = std::clamp(std::abs(turns * 6 - 3) - 1, 0.0f, 1.0f);
    return value * (1 - saturation * (1 - ramp));
  };
  return {channel(0), channel(2.0f / 3), channel(1.0f / 3)};
}

/// t^2 (3 - 2 t).
inline float smooth(float t) {
  return t * t * (3 - 2 * t);
}

/// Returns how much of a pixel lies inside an edge that is `distance` outside (negative: inside),
/// blurred over `width`.
inline float coverage(float distance, float width) {
  return std::clamp(0.5f - distance / width, 0.0f, 1.0f);
}

class Canvas {
 public:
  /// Keeps its memory when it has been larger before.
  void resize(int side) {
    side_ = side;
    for (auto& plane : planes_) plane.resize(static_cast<size_t>(side) * static_cast<size_t>(side));
  }

  int side() const { return side_; }
  float pixel() const { return 2.0f / static_cast<float>(side_); }
  /// The centre of column (or row) i.
  float at(int i) const { return (static_cast<float>(i) + 0.5f) * pixel() - 1; }
  /// The first column (or row) whose centre is not before `x`, within the canvas.
  int from(float x) const { return std::clamp(index(x), 0, side_); }

  float* row(int channel, int y) {
    return planes_[static_cast<size_t>(channel)].data() + static_cast<ptrdiff_t>(y) * side_;
  }

  Colour get(int x, int y) { return {row(0, y)[x], row(1, y)[x], row(2, y)[x]}; }
  void set(int x, int y, const Colour& c) {
    row(0, y)[x] = c.r;
    row(1, y)[x] = c.g;
    row(2, y)[x] = c.b;
  }
  void blend(int x, int y, const Colour& c, float share) { set(x, y, mix(get(x, y), c, share)); }
  void scale(int x, int y, float k) { set(x, y, get(x, y) * k); }

 private:
  int index(float x) const {
    return static_cast<int>(std::ceil((std::clamp(x, -8.0f, 8.0f) + 1) / pixel() - 0.5f));
  }

  int side_ = 0;
  std::array<std::vector<float>, 3> planes_;
};

}  // namespace svgen::scene
