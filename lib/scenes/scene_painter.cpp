// SPDX-License-Identifier: MIT
// Distance fields over windows of the picture, then light.
#include "scenes/scene_painter.h"

#include <type_traits>

namespace svgen::scene {
namespace {

constexpr float kDiffuse = 0.62f;
constexpr float kFlatShine = 0.25f;   // of the gloss, on surfaces that are flat or round one way
constexpr float kEdgeHeight = 0.97f;  // a bevel's normal is never quite sideways
constexpr float kShadowBlur = 0.22f;  // in the picture
constexpr float kShadowDepth = 0.5f;
constexpr float kFar = 1e9f;

template <typename... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <typename... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

float power30(float x) {
  const float x2 = x * x, x4 = x2 * x2, x8 = x4 * x4;
  return x8 * x8 * x8 * x4 * x2;
}

}  // namespace

Pose Pose::drawn(SceneRandom& random, float rotation, bool flips) {
  Pose pose;
  pose.radius = random.between(0.5f, 0.78f);
  const float room = (1 - pose.radius) * 0.7f;
  pose.centre.x = random.between(-room, room);
  pose.centre.y = random.between(-room, room);
  const float turn = random.between(-rotation, rotation);
  pose.cos = std::cos(turn);
  pose.sin = std::sin(turn);
  pose.mirror = random.chance(0.5f) && flips ? -1.0f : 1.0f;
  return pose;
}

Light Light::drawn(SceneRandom& random) {
  Light light;
  const float azimuth = random.between(-2.6f, -0.54f), elevation = random.between(0.6f, 1.1f);
  light.direction = {std::cos(azimuth) * std::cos(elevation),
                     std::sin(azimuth) * std::cos(elevation), std::sin(elevation)};
  light.half = normalised({light.direction.x, light.direction.y, light.direction.z + 1});
  light.ambient = random.between(0.38f, 0.55f);
  light.gloss = random.between(0, 0.5f);
  light.shadow = 1.3f * random.between(0.06f, 0.16f);
  return light;
}

Colour Light::shade(const Colour& colour, const Vector& normal, float shine) const {
  const float lit = ambient + kDiffuse * std::max(0.0f, dot(normal, direction));
  const float spot = gloss * shine * power30(std::max(0.0f, dot(normal, half)));
  return colour * lit + Colour{spot, spot, spot};
}

void Painter::paint(Canvas& canvas, const Parts& parts, const Pose& pose, const Light& light) {
  canvas_ = &canvas;
  pose_ = pose;
  light_ = light;
  paint_shadow(parts);
  for (const Part& part : parts) paint_part(part);
}

Point Painter::in_object(float x, float y) const {
  const float dx = (x - pose_.centre.x) / pose_.radius, dy = (y - pose_.centre.y) / pose_.radius;
  return {pose_.mirror * (pose_.cos * dx + pose_.sin * dy), pose_.cos * dy - pose_.sin * dx};
}

// The pixels that the bounds, `margin` larger on all sides, may touch in the picture.
Painter::Window Painter::window_of(const Bounds& b, Point shift, float margin) const {
  Bounds box{kFar, kFar, -kFar, -kFar};
  for (const Point corner : {Point{b.left, b.top}, Point{b.right, b.top}, Point{b.left, b.bottom},
                             Point{b.right, b.bottom}}) {
    const Vector v = pose_.in_picture({corner.x, corner.y, 0});
    box = box.joined(around({pose_.centre.x + shift.x + pose_.radius * v.x,
                             pose_.centre.y + shift.y + pose_.radius * v.y},
                            margin, margin));
  }
  return {canvas_->from(box.left), canvas_->from(box.top), canvas_->from(box.right),
          canvas_->from(box.bottom)};
}

// The distance of every pixel of the window to the shape moved by `shift`, in the object's units.
void Painter::fill(const Shape& shape, const Window& window, Point shift,
                   std::vector<float>& field) const {
  field.resize(static_cast<size_t>(window.width()) * static_cast<size_t>(window.height()));
  const Point first =
      in_object(canvas_->at(window.left) - shift.x, canvas_->at(window.top) - shift.y);
  const float step = canvas_->pixel() / pose_.radius;
  const Point along{pose_.mirror * pose_.cos * step, -pose_.sin * step};
  const Point down{pose_.mirror * pose_.sin * step, pose_.cos * step};
  std::visit(
      [&](const auto& figure) {
        float* out = field.data();
        for (int y = 0; y < window.height(); ++y) {
          const auto j = static_cast<float>(y);
          for (int x = 0; x < window.width(); ++x) {
            const auto i = static_cast<float>(x);
            *out++ = figure.distance(
                {first.x + j * down.x + i * along.x, first.y + j * down.y + i * along.y});
          }
        }
      },
      shape);
}

void Painter::paint_shadow(const Parts& parts) {
  const Point shift{-light_.shadow * light_.direction.x,
                    -light_.shadow * light_.direction.y + 0.02f};
  Bounds bounds = std::visit([](const auto& s) { return s.bounds(); }, parts.front().shape);
  for (const Part& part : parts)
    bounds = bounds.joined(std::visit([](const auto& s) { return s.bounds(); }, part.shape));
  const Window window = window_of(bounds, shift, kShadowBlur / 2);
  if (window.empty()) return;
  fill(parts.front().shape, window, shift, shadow_);
  for (size_t i = 1; i < parts.size(); ++i) {
    fill(parts[i].shape, window, shift, field_);
    for (size_t k = 0; k < shadow_.size(); ++k) shadow_[k] = std::min(shadow_[k], field_[k]);
  }
  const float* distance = shadow_.data();
  for (int y = window.top; y < window.bottom; ++y) {
    for (int x = window.left; x < window.right; ++x) {
      const float share = smooth(coverage(*distance++ * pose_.radius, kShadowBlur));
      if (share > 0) canvas_->scale(x, y, 1 - kShadowDepth * share);
    }
  }
}

void Painter::paint_part(const Part& part) {
  const Bounds bounds = std::visit([](const auto& s) { return s.bounds(); }, part.shape);
  Window inner = window_of(bounds, {}, canvas_->pixel());
  if (inner.empty()) return;
  // One pixel more all around, for differences.
  const Window outer{inner.left - 1, inner.top - 1, inner.right + 1, inner.bottom + 1};
  fill(part.shape, outer, {}, field_);
  const int stride = outer.width();
  std::visit(
      Overloaded{[&](const Facing& facing) {
                   const Vector normal = normalised(pose_.in_picture(facing.normal));
                   shade(part, outer, kFlatShine, [&](int, int, const float*) { return normal; });
                 },
                 [&](const Bevel& bevel) {
                   shade(part, outer, 1, [&](int, int, const float* d) {
                     const Point slope{d[1] - d[-1], d[stride] - d[-stride]};
                     const float side = kEdgeHeight * std::clamp(1 + *d / bevel.width, 0.0f, 1.0f);
                     const float k = side / std::max(length(slope), 1e-6f);
                     return Vector{slope.x * k, slope.y * k, std::sqrt(1 - side * side)};
                   });
                 },
                 [&](const Round& round) {
                   shade(part, outer, kFlatShine, [&](int x, int y, const float*) {
                     const Point q = in_object(canvas_->at(x), canvas_->at(y));
                     const float half =
                         std::clamp(round.at_zero + round.per_y * q.y, 0.02f, round.limit);
                     const float across = round.steepness * std::clamp(q.x / half, -1.0f, 1.0f);
                     const float rest = 1 - across * across - round.tilt * round.tilt;
                     return normalised(
                         pose_.in_picture({across, round.tilt, std::sqrt(std::max(rest, 0.01f))}));
                   });
                 }},
      part.surface);
}

// Blends the part into the canvas inside the window, whose outermost pixels are only neighbours.
template <typename Normal>
void Painter::shade(const Part& part, const Window& window, float shine, Normal normal) {
  const float scale = pose_.radius / canvas_->pixel();
  const auto stride = static_cast<size_t>(window.width());
  for (int y = window.top + 1; y < window.bottom - 1; ++y) {
    const float* distance = &field_[static_cast<size_t>(y - window.top) * stride + 1];
    for (int x = window.left + 1; x < window.right - 1; ++x, ++distance) {
      const float share = coverage(*distance * scale, 1);
      if (share > 0)
        canvas_->blend(x, y, light_.shade(part.colour, normal(x, y, distance), shine), share);
    }
  }
}

}  // namespace svgen::scene
