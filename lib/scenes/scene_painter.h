// SPDX-License-Identifier: MIT
// Paints the parts of an object, lit from above, and the shadow it throws.
#pragma once

#include <vector>

#include "scenes/scene_canvas.h"
#include "scenes/scene_parts.h"
#include "scenes/scene_random.h"

namespace svgen::scene {

/// Places the object in the picture: p = centre + radius R(turn) mirror q.
struct Pose {
  Point centre;
  float radius = 1;
  float cos = 1, sin = 0;
  float mirror = 1;  // -1: left and right are exchanged before the turn

  /// radius U(.5, .78), the centre so that the object stays inside, any turn up to `rotation`.
  static Pose drawn(SceneRandom& random, float rotation, bool flips);

  /// Turns a vector of the object's frame into the picture's.
  Vector in_picture(const Vector& v) const {
    const float x = mirror * v.x;
    return {cos * x - sin * v.y, sin * x + cos * v.y, v.z};
  }
};

/// colour (ambient + .62 max(0, n.L)) + gloss max(0, n.h)^30, h between L and the viewer.
struct Light {
  Vector direction, half;
  float ambient = 0.5f, gloss = 0;
  float shadow = 0.1f;  // how far the shadow falls, per unit of direction

  /// Azimuth U(-2.6, -.54) (from above), elevation U(.6, 1.1).
  static Light drawn(SceneRandom& random);

  Colour shade(const Colour& colour, const Vector& normal, float shine) const;
};

/// Reuses its buffers from scene to scene; not to be shared by threads.
class Painter {
 public:
  /// Shadow first, then the parts in order.
  void paint(Canvas& canvas, const Parts& parts, const Pose& pose, const Light& light);

 private:
  // Columns left ... right - 1 and rows top ... bottom - 1; may reach beyond the canvas.
  struct Window {
    int left, top, right, bottom;
    int width() const { return right - left; }
    int height() const { return bottom - top; }
    bool empty() const { return right <= left || bottom <= top; }
  };

  Window window_of(const Bounds& bounds, Point shift, float margin) const;
  void fill(const Shape& shape, const Window& window, Point shift, std::vector<float>& field) const;
  void paint_shadow(const Parts& parts);
  void paint_part(const Part& part);
  template <typename Normal>
  void shade(const Part& part, const Window& window, float shine, Normal normal);
  Point in_object(float x, float y) const;

  Canvas* canvas_ = nullptr;
  Pose pose_;
  Light light_;
  std::vector<float> field_, shadow_;
};

}  // namespace svgen::scene
