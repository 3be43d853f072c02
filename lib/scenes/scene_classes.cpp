// SPDX-License-Identifier: MIT
// Sixteen classes as lists of parts.
#include "scenes/scene_classes.h"

#include <numbers>

namespace svgen::scene {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;
constexpr Colour kBlack{0.06f, 0.06f, 0.07f}, kWhite{0.97f, 0.97f, 0.97f}, kGrey{0.2f, 0.2f, 0.2f},
    kSilver{0.7f, 0.7f, 0.72f}, kGlass{0.75f, 0.9f, 1.0f}, kWood{0.42f, 0.27f, 0.14f},
    kStem{0.95f, 0.9f, 0.8f};
constexpr Facing kFlat{};

void ball(SceneRandom&, const Palette& colours, Parts& parts) {
  parts.push_back({Circle{{}, 0.9f}, Bevel{0.9f}, colours.first});
}

// Seen along z after a turn about the vertical axis, then one about the horizontal axis.
struct View {
  float cos_yaw, sin_yaw, cos_pitch, sin_pitch;

  Vector operator()(const Vector& v) const {
    const float x = cos_yaw * v.x + sin_yaw * v.z, z = cos_yaw * v.z - sin_yaw * v.x;
    // The viewer stands at negative z and looks from above.
    return {x, cos_pitch * v.y - sin_pitch * z, -(sin_pitch * v.y + cos_pitch * z)};
  }
};

void cube(SceneRandom& random, const Palette& colours, Parts& parts) {
  constexpr float kHalf = 0.62f;
  constexpr float kSeam = 0.024f;  // less than a pixel: faces that only touch let light through
  const float yaw = random.between(0.45f, 1.1f), pitch = random.between(0.4f, 0.75f);
  const View view{std::cos(yaw), std::sin(yaw), std::cos(pitch), std::sin(pitch)};
  const Vector axes[] = {view({1, 0, 0}), view({0, 1, 0}), view({0, 0, 1})};
  for (size_t i = 0; i < 3; ++i) {
    const Vector normal = axes[i] * (axes[i].z > 0 ? 1.0f : -1.0f);
    const Vector u = axes[(i + 1) % 3] * kHalf, v = axes[(i + 2) % 3] * kHalf;
    const Vector c = normal * kHalf;
    const Quad face{{{{c.x + u.x + v.x, c.y + u.y + v.y},
                      {c.x + u.x - v.x, c.y + u.y - v.y},
                      {c.x - u.x - v.x, c.y - u.y - v.y},
                      {c.x - u.x + v.x, c.y - u.y + v.y}}}};
    parts.push_back({Grown<Quad>{face, kSeam}, Facing{normal}, colours.first});
  }
}

void torus(SceneRandom& random, const Palette& colours, Parts& parts) {
  const float squeeze = random.between(0.6f, 1), thickness = random.between(0.22f, 0.32f);
  const Torus ring{squeeze, thickness};
  parts.push_back({ring, Bevel{thickness * ring.scale()}, colours.first});
}

void cone(SceneRandom& random, const Palette& colours, Parts& parts) {
  constexpr float kTop = -0.95f, kBase = 0.6f, kHalf = 0.68f, kSlope = kHalf / (kBase - kTop);
  const float squeeze = random.between(0.2f, 0.4f);
  parts.push_back({Cone{Triangle{{{{0, kTop}, {kHalf, kBase}, {-kHalf, kBase}}}},
                        Ellipse{{0, kBase}, {kHalf, kHalf * squeeze}}},
                   Round{-kSlope * kTop, kSlope, kHalf, 0.92f, -0.35f}, colours.first});
}

void cylinder(SceneRandom& random, const Palette& colours, Parts& parts) {
  constexpr float kHeight = 0.58f;
  const float half = random.between(0.45f, 0.65f), squeeze = random.between(0.22f, 0.42f);
  const Point radii{half, half * squeeze};
  parts.push_back({Can{Box{{}, {half, kHeight}}, Ellipse{{0, kHeight}, radii}},
                   Round{half, 0, half, 0.95f}, colours.first});
  parts.push_back({Ellipse{{0, -kHeight}, radii}, Facing{{0, -0.75f, 0.66f}},
                   colours.first * 0.55f + Colour{0.45f, 0.45f, 0.45f}});
}

// Edges of a five-pointed star whose tips are at `outer` and whose edges make an angle of pi / m
// with the line to the valley between two tips.
Star five_points(float outer, float m) {
  const float inner = outer * (std::cos(kPi / 5) - std::sin(kPi / 5) / std::tan(kPi / m));
  Star star{};
  for (size_t i = 0; i < star.corners.size(); ++i) {
    const float angle = kPi * (static_cast<float>(i) / 5 - 0.5f);
    const float radius = i % 2 == 0 ? outer : inner;
    star.corners[i] = {radius * std::cos(angle), radius * std::sin(angle)};
  }
  return star;
}

void star(SceneRandom&, const Palette& colours, Parts& parts) {
  static const Star figure = five_points(0.98f, 3.2f);
  parts.push_back({figure, Bevel{0.35f}, colours.first});
}

void heart(SceneRandom&, const Palette& colours, Parts& parts) {
  parts.push_back({Heart{}, Bevel{0.45f}, colours.first});
}

void moon(SceneRandom&, const Palette& colours, Parts& parts) {
  parts.push_back({Moon{Circle{{}, 0.9f}, Outside<Circle>{{{0.42f, -0.12f}, 0.74f}}}, Bevel{0.3f},
                   colours.first});
}

void flower(SceneRandom& random, const Palette& colours, Parts& parts) {
  Petals petals{5 + random.below(4), 0, {}};
  const auto count = static_cast<float>(petals.count);
  petals.half_width = std::min(0.609f * std::sin(kPi / count), 0.36f);
  for (int i = 0; i < petals.count; ++i) {
    const float angle = 2 * kPi * static_cast<float>(i) / count;
    petals.directions[static_cast<size_t>(i)] = {std::cos(angle), std::sin(angle)};
  }
  parts.push_back({petals, Bevel{0.3f}, colours.first});
  parts.push_back({Circle{{}, 0.27f}, Bevel{0.27f}, colours.second});
}

void arrow(SceneRandom&, const Palette& colours, Parts& parts) {
  parts.push_back({Arrow{Box{{-0.28f, 0}, {0.62f, 0.2f}},
                         Triangle{{{{0.95f, 0}, {0.1f, 0.62f}, {0.1f, -0.62f}}}}},
                   Bevel{0.15f}, colours.first});
}

void house(SceneRandom&, const Palette& colours, Parts& parts) {
  parts.push_back({Box{{0, 0.36f}, {0.6f, 0.5f}}, kFlat, colours.second});
  parts.push_back(
      {Triangle{{{{0, -0.92f}, {0.85f, -0.08f}, {-0.85f, -0.08f}}}}, kFlat, colours.first});
  parts.push_back({Box{{-0.22f, 0.56f}, {0.15f, 0.3f}}, kFlat, kGrey});
  parts.push_back({Box{{0.26f, 0.34f}, {0.16f, 0.16f}}, kFlat, kGlass});
}

void fish(SceneRandom&, const Palette& colours, Parts& parts) {
  parts.push_back(
      {Triangle{{{{0.3f, 0}, {0.95f, -0.48f}, {0.95f, 0.48f}}}}, kFlat, colours.second});
  parts.push_back(
      {Triangle{{{{-0.3f, -0.25f}, {0.05f, -0.68f}, {0.3f, -0.2f}}}}, kFlat, colours.second});
  parts.push_back({Ellipse{{-0.16f, 0}, {0.7f, 0.43f}}, Bevel{0.35f}, colours.first});
  parts.push_back({Circle{{-0.52f, -0.1f}, 0.13f}, kFlat, kWhite});
  parts.push_back({Circle{{-0.55f, -0.1f}, 0.07f}, kFlat, kBlack});
}

void tree(SceneRandom&, const Palette& colours, Parts& parts) {
  struct Tier {
    float base, half_width, height;
  };
  constexpr Tier kTiers[] = {{0.6f, 0.72f, 0.72f}, {0.2f, 0.58f, 0.66f}, {-0.2f, 0.44f, 0.7f}};
  parts.push_back({Box{{0, 0.72f}, {0.13f, 0.25f}}, kFlat, kWood});
  for (const Tier& tier : kTiers) {
    parts.push_back({Triangle{{{{0, tier.base - tier.height},
                                {tier.half_width, tier.base},
                                {-tier.half_width, tier.base}}}},
                     Bevel{0.2f}, colours.first});
  }
}

void mushroom(SceneRandom&, const Palette& colours, Parts& parts) {
  constexpr Ellipse kDots[] = {{{-0.48f, -0.2f}, {0.15f, 0.12f}},
                               {{-0.08f, -0.5f}, {0.17f, 0.11f}},
                               {{0.38f, -0.33f}, {0.16f, 0.12f}},
                               {{0.05f, -0.08f}, {0.14f, 0.1f}}};
  parts.push_back({Box{{0, 0.4f}, {0.24f, 0.5f}}, kFlat, kStem});
  parts.push_back(
      {Cap{Ellipse{{0, 0.08f}, {0.88f, 0.9f}}, Above{0.1f}}, Bevel{0.5f}, colours.first});
  for (const Ellipse& dot : kDots) parts.push_back({dot, kFlat, kWhite});
}

void smiley(SceneRandom&, const Palette& colours, Parts& parts) {
  parts.push_back({Circle{{}, 0.92f}, Bevel{0.45f}, colours.first});
  for (const float x : {-0.32f, 0.32f})
    parts.push_back({Ellipse{{x, -0.26f}, {0.11f, 0.17f}}, kFlat, kBlack});
  parts.push_back({Mouth{Annulus{{}, 0.52f, 0.075f}, Below{0.12f}}, kFlat, kBlack});
}

void car(SceneRandom&, const Palette& colours, Parts& parts) {
  constexpr Quad kCabin{{{{-0.32f, -0.52f}, {0.3f, -0.52f}, {0.6f, 0.05f}, {-0.62f, 0.05f}}}};
  constexpr Quad kRear{{{{-0.28f, -0.42f}, {-0.04f, -0.42f}, {-0.04f, -0.04f}, {-0.49f, -0.04f}}}};
  constexpr Quad kFront{{{{0.04f, -0.42f}, {0.25f, -0.42f}, {0.45f, -0.04f}, {0.04f, -0.04f}}}};
  parts.push_back({kCabin, Bevel{0.12f}, colours.first});
  parts.push_back({Box{{0, 0.2f}, {0.95f, 0.26f}, 0.14f}, Bevel{0.16f}, colours.first});
  for (const Quad& window : {kRear, kFront}) parts.push_back({window, kFlat, kGlass});
  for (const float x : {-0.5f, 0.5f}) {
    parts.push_back({Circle{{x, 0.45f}, 0.24f}, kFlat, kBlack});
    parts.push_back({Circle{{x, 0.45f}, 0.1f}, kFlat, kSilver});
  }
}

constexpr SceneClass kClasses[] = {
    {"ball", 0.02f, 3.14f, false, ball},       {"cube", 0.58f, 0.3f, false, cube},
    {"torus", 0.08f, 0.5f, false, torus},      {"cone", 0.07f, 0.3f, false, cone},
    {"cylinder", 0.5f, 0.3f, false, cylinder}, {"star", 0.14f, 0.45f, false, star},
    {"heart", 0.98f, 0.3f, false, heart},      {"moon", 0.15f, 0.5f, true, moon},
    {"flower", 0.9f, 3.14f, false, flower},    {"arrow", 0.33f, 3.14f, false, arrow},
    {"house", 0.05f, 0.2f, false, house},      {"fish", 0.08f, 0.35f, true, fish},
    {"tree", 0.33f, 0.15f, true, tree},        {"mushroom", 0.0f, 0.25f, true, mushroom},
    {"smiley", 0.15f, 0.35f, false, smiley},   {"car", 0.62f, 0.2f, true, car},
};

}  // namespace

std::span<const SceneClass> scene_classes() {
  return kClasses;
}

}  // namespace svgen::scene
