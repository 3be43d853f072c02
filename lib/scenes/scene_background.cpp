// SPDX-License-Identifier: MIT
// Backgrounds as a table of painters over two colours.
#include "scenes/scene_background.h"

#include <array>
#include <numbers>
#include <span>

#include "scenes/scene_shapes.h"
#include "scenes/scene_texture.h"

namespace svgen::scene {
namespace {

struct TwoColours {
  Colour a, b;

  static TwoColours drawn(SceneRandom& random) {
    const float hue = random.unit(), saturation = random.between(0.05f, 0.55f),
                value = random.between(0.3f, 0.95f);
    const float turn = random.between(-0.12f, 0.12f), other = random.between(0.05f, 0.55f),
                step = random.between(-0.35f, 0.35f);
    return {hsv(hue, saturation, value),
            hsv(hue + turn, other, std::clamp(value + step, 0.15f, 1.0f))};
  }
};

// Colours every pixel a .. b by share(x, y).
template <typename Share>
void fill(Canvas& canvas, const TwoColours& colours, Share share) {
  for (int j = 0; j < canvas.side(); ++j) {
    const float y = canvas.at(j);
    for (int i = 0; i < canvas.side(); ++i)
      canvas.set(i, j, mix(colours.a, colours.b, share(canvas.at(i), y)));
  }
}

Point direction(SceneRandom& random) {
  const float angle = random.between(0, 2 * std::numbers::pi_v<float>);
  return {std::cos(angle), std::sin(angle)};
}

void linear(Canvas& canvas, SceneRandom& random, const TwoColours& colours) {
  const Point d = direction(random);
  fill(canvas, colours, [&](float x, float y) {
    return std::clamp(0.5f + 0.4f * dot(d, {x, y}), 0.0f, 1.0f);
  });
}

void radial(Canvas& canvas, SceneRandom& random, const TwoColours& colours) {
  const Point centre{random.between(-0.5f, 0.5f), random.between(-0.5f, 0.5f)};
  const float scale = 1 / random.between(1.0f, 1.8f);
  fill(canvas, colours, [&](float x, float y) {
    return std::min(1.0f, scale * length(Point{x, y} - centre));
  });
}

// 0 and 1 in turn along `u`, `frequency` pairs per unit, each edge one pixel wide.
float stripe(float u, float frequency, float pixel) {
  const float phase = u * frequency;
  const float to_edge = std::abs(phase - std::floor(phase) - 0.5f) - 0.25f;
  return coverage(to_edge / frequency, pixel);
}

void stripes(Canvas& canvas, SceneRandom& random, const TwoColours& colours) {
  const Point d = direction(random);
  const float frequency = random.between(2, 6), contrast = random.between(0.35f, 1),
              phase = random.unit();
  fill(canvas, colours, [&](float x, float y) {
    return contrast * stripe(dot(d, {x, y}) + phase, frequency, canvas.pixel());
  });
}

void checkerboard(Canvas& canvas, SceneRandom& random, const TwoColours& colours) {
  const Point d = direction(random);
  const float frequency = random.between(2, 6) / 2, contrast = random.between(0.35f, 1),
              phase = random.unit();
  fill(canvas, colours, [&](float x, float y) {
    const float u = stripe(dot(d, {x, y}) + phase, frequency, canvas.pixel());
    const float v = stripe(d.x * y - d.y * x, frequency, canvas.pixel());
    return contrast * (u + v - 2 * u * v);
  });
}

void wall_and_floor(Canvas& canvas, SceneRandom& random, const TwoColours& colours) {
  const float horizon = random.between(-0.1f, 0.5f);
  fill(canvas, colours, [&](float, float y) {
    return coverage(horizon - y, canvas.pixel()) * (0.75f + 0.25f * (y - horizon));
  });
}

void leaves(Canvas& canvas, SceneRandom& random, const TwoColours&) {
  paint_leaves(canvas, random, {22, 0.13f, 1.2f, 1.0f});
}

void noise(Canvas& canvas, SceneRandom& random, const TwoColours& colours) {
  paint_noise(canvas, random, colours.a, colours.b);
}

using PaintFunction = void (*)(Canvas&, SceneRandom&, const TwoColours&);

// Equally likely rows; the plain ones first.
constexpr std::array<PaintFunction, 8> kBackgrounds = {
    linear, radial, wall_and_floor, wall_and_floor, stripes, checkerboard, leaves, noise};
constexpr size_t kPlainOnes = 4;

}  // namespace

void paint_background(Canvas& canvas, SceneRandom& random, Backgrounds choice) {
  const auto rows = std::span(kBackgrounds)
                        .first(choice == Backgrounds::kPlain ? kPlainOnes : kBackgrounds.size());
  const auto row = static_cast<size_t>(random.below(static_cast<int>(rows.size())));
  const TwoColours colours = TwoColours::drawn(random);
  rows[row](canvas, random, colours);
}

}  // namespace svgen::scene
