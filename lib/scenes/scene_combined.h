// SPDX-License-Identifier: MIT
// Figures made of figures: intersections, unions, complements, margins.
#pragma once

#include <algorithm>

#include "scenes/scene_shapes.h"

namespace svgen::scene {

/// Everything above (smaller y) the line y = limit.
struct Above {
  float limit;
  float distance(Point p) const { return p.y - limit; }
};

/// Everything below the line y = limit.
struct Below {
  float limit;
  float distance(Point p) const { return limit - p.y; }
};

template <typename Figure>
struct Outside {
  Figure figure;
  float distance(Point p) const { return -figure.distance(p); }
};

/// The intersection of two figures; the bounds are those of the first.
template <typename First, typename Second>
struct Both {
  First first;
  Second second;
  float distance(Point p) const { return std::max(first.distance(p), second.distance(p)); }
  Bounds bounds() const { return first.bounds(); }
};

template <typename First, typename Second>
struct Either {
  First first;
  Second second;
  float distance(Point p) const { return std::min(first.distance(p), second.distance(p)); }
  Bounds bounds() const { return first.bounds().joined(second.bounds()); }
};

/// All that is no further than `by` from a figure.
template <typename Figure>
struct Grown {
  Figure figure;
  float by;
  float distance(Point p) const { return figure.distance(p) - by; }
  Bounds bounds() const {
    const Bounds b = figure.bounds();
    return {b.left - by, b.top - by, b.right + by, b.bottom + by};
  }
};

}  // namespace svgen::scene
