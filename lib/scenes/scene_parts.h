// SPDX-License-Identifier: MIT
// The parts of an object: figures with a surface and a colour, painted in order.
//
// Object frame: the object fills about the unit circle, y down, before it is turned, mirrored,
// scaled and moved into the picture.
#pragma once

#include <variant>
#include <vector>

#include "scenes/scene_canvas.h"
#include "scenes/scene_combined.h"
#include "scenes/scene_shapes.h"

namespace svgen::scene {

struct Vector {
  float x = 0, y = 0, z = 0;
};

inline float dot(const Vector& a, const Vector& b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
inline Vector operator*(const Vector& v, float k) {
  return {v.x * k, v.y * k, v.z * k};
}
inline Vector normalised(const Vector& v) {
  return v * (1 / std::sqrt(dot(v, v)));
}

/// Rises from the outline over `width` to the height of a sphere; a circle whose radius is the
/// width is a sphere.
struct Bevel {
  float width;
};

/// Turned towards `normal` everywhere (object frame, z towards the viewer).
struct Facing {
  Vector normal{0, 0, 1};
};

/// Round from left to right like a can or a cone: half the width at height y is
/// min(at_zero + per_y y, limit); at the outline the normal has x = steepness. `tilt` is its y.
struct Round {
  float at_zero, per_y, limit;
  float steepness;
  float tilt = 0;
};

using Surface = std::variant<Facing, Bevel, Round>;

using Moon = Both<Circle, Outside<Circle>>;
using Cap = Both<Ellipse, Above>;
using Mouth = Both<Annulus, Below>;
using Cone = Either<Triangle, Ellipse>;
using Can = Either<Box, Ellipse>;
using Arrow = Either<Box, Triangle>;

using Shape = std::variant<Circle, Ellipse, Box, Triangle, Quad, Star, Torus, Heart, Petals, Moon,
                           Cap, Mouth, Cone, Can, Arrow, Grown<Quad>>;

struct Part {
  Shape shape;
  Surface surface;
  Colour colour;
};

using Parts = std::vector<Part>;

}  // namespace svgen::scene
