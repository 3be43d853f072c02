// SPDX-License-Identifier: MIT
// Dead leaves and fractal noise.
#include "scenes/scene_texture.h"

#include <numbers>

#include "scenes/scene_shapes.h"

namespace svgen::scene {
namespace {

constexpr int kOctaves = 6;

// Linear positions of the pixels in a grid, as left neighbour and smoothed share of the right one.
struct Positions {
  std::vector<int> cell;
  std::vector<float> share;

  void place(int side, int cells, float offset) {
    cell.resize(static_cast<size_t>(side));
    share.resize(static_cast<size_t>(side));
    const float step = static_cast<float>(cells) / static_cast<float>(side);
    for (int i = 0; i < side; ++i) {
      const float at = offset + (static_cast<float>(i) + 0.5f) * step;
      const int left = std::min(static_cast<int>(at), cells);
      cell[static_cast<size_t>(i)] = left;
      share[static_cast<size_t>(i)] = smooth(at - static_cast<float>(left));
    }
  }
};

void add_octave(SceneRandom& random, int side, int cells, float amplitude, float* field) {
  static thread_local std::vector<float> grid, line;
  static thread_local Positions columns, rows;
  const size_t points = static_cast<size_t>(cells) + 2;
  const auto pixels = static_cast<size_t>(side);
  grid.resize(points * points);
  line.resize(points);
  const float across = random.unit(), down = random.unit();
  for (float& value : grid) value = random.between(-amplitude, amplitude);
  columns.place(side, cells, across);
  rows.place(side, cells, down);
  for (size_t y = 0; y < pixels; ++y) {
    const float* above = &grid[static_cast<size_t>(rows.cell[y]) * points];
    for (size_t i = 0; i < points; ++i)
      line[i] = above[i] + (above[i + points] - above[i]) * rows.share[y];
    for (size_t x = 0; x < pixels; ++x) {
      const float* left = &line[static_cast<size_t>(columns.cell[x])];
      *field++ += left[0] + (left[1] - left[0]) * columns.share[x];
    }
  }
}

// The inverse of the distribution function of a density that falls as 1 / r^3.
float leaf_radius(SceneRandom& random, float smallest, float largest) {
  const float a = 1 / (smallest * smallest), b = 1 / (largest * largest);
  return 1 / std::sqrt(a - random.unit() * (a - b));
}

struct LeafColours {
  float hue, spread;

  Colour drawn(SceneRandom& random) const {
    const float turn = random.between(-spread, spread);
    const float saturation = random.between(0.05f, 0.7f);
    return hsv(hue + turn, saturation, random.between(0.2f, 0.95f));
  }
};

enum class LeafKind { kDisc, kRectangle, kEllipse };

float leaf_distance(LeafKind kind, Point p, Point half) {
  switch (kind) {
    case LeafKind::kDisc:
      return Circle{{}, half.x}.distance(p);
    case LeafKind::kRectangle:
      return Box{{}, half}.distance(p);
    case LeafKind::kEllipse:
      break;
  }
  return Ellipse{{}, half}.distance(p);
}

void paint_leaf(Canvas& canvas, SceneRandom& random, const Leaves& leaves,
                const LeafColours& colours) {
  const float radius = leaf_radius(random, leaves.smallest, leaves.largest);
  const Point centre{random.between(-1.1f, 1.1f), random.between(-1.1f, 1.1f)};
  const auto kind = static_cast<LeafKind>(random.below(3));
  const float aspect = kind == LeafKind::kDisc ? 1.0f : std::exp(random.between(-0.7f, 0.7f) / 2);
  const Point half{radius * aspect, radius / aspect};
  const float turn = random.between(0, 2 * std::numbers::pi_v<float>);
  const float cos = std::cos(turn), sin = std::sin(turn);
  const float blur = random.between(0.5f, leaves.softest) * canvas.pixel();
  const Colour colour = colours.drawn(random);
  const float shade = random.between(0, 0.3f) / radius;  // brighter to one side
  const float reach = length(half) + blur;
  const int right = canvas.from(centre.x + reach), bottom = canvas.from(centre.y + reach);
  for (int y = canvas.from(centre.y - reach); y < bottom; ++y) {
    for (int x = canvas.from(centre.x - reach); x < right; ++x) {
      const Point d{canvas.at(x) - centre.x, canvas.at(y) - centre.y};
      const Point p{cos * d.x + sin * d.y, cos * d.y - sin * d.x};
      const float share = coverage(leaf_distance(kind, p, half), blur);
      if (share > 0) canvas.blend(x, y, colour * (1 + shade * p.x), share);
    }
  }
}

}  // namespace

void fractal_noise(SceneRandom& random, int side, float roughness, std::vector<float>& field) {
  field.assign(static_cast<size_t>(side) * static_cast<size_t>(side), 0.0f);
  float power = 0;
  for (int o = 0; o < kOctaves; ++o) power += std::exp2(-2 * roughness * static_cast<float>(o));
  const float norm = 1 / std::sqrt(power);
  for (int o = 0; o < kOctaves; ++o) {
    const float amplitude = norm * std::exp2(-roughness * static_cast<float>(o));
    add_octave(random, side, 1 << o, amplitude, field.data());
  }
}

void paint_leaves(Canvas& canvas, SceneRandom& random, const Leaves& leaves) {
  const LeafColours colours{random.unit(), random.between(0.05f, 0.35f)};
  const Colour ground = colours.drawn(random);
  for (int y = 0; y < canvas.side(); ++y)
    for (int x = 0; x < canvas.side(); ++x) canvas.set(x, y, ground);
  for (int i = 0; i < leaves.count; ++i) paint_leaf(canvas, random, leaves, colours);
}

void paint_noise(Canvas& canvas, SceneRandom& random, const Colour& a, const Colour& b) {
  static thread_local std::vector<float> field;
  fractal_noise(random, canvas.side(), random.between(0.7f, 1.4f), field);
  const float* value = field.data();
  for (int y = 0; y < canvas.side(); ++y)
    for (int x = 0; x < canvas.side(); ++x)
      canvas.set(x, y, mix(a, b, std::clamp(0.5f + 0.7f * *value++, 0.0f, 1.0f)));
}

void paint_texture(Canvas& canvas, SceneRandom& random) {
  constexpr Leaves kLeaves{48, 0.07f, 1.2f, 2.0f};
  if (!random.chance(0.7f)) {
    const LeafColours colours{random.unit(), random.between(0.05f, 0.5f)};
    const Colour a = colours.drawn(random);
    paint_noise(canvas, random, a, colours.drawn(random));
    return;
  }
  paint_leaves(canvas, random, kLeaves);
  static thread_local std::vector<float> field;
  const float strength = random.between(0, 0.3f);
  fractal_noise(random, canvas.side(), random.between(0.7f, 1.4f), field);
  const float* value = field.data();
  for (int y = 0; y < canvas.side(); ++y)
    for (int x = 0; x < canvas.side(); ++x) canvas.scale(x, y, 1 + strength * *value++);
}

}  // namespace svgen::scene
