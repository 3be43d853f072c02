// SPDX-License-Identifier: MIT
// A scene: background, object, grain.
#include "scenes/scene.h"

#include <bit>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "scenes/scene_background.h"
#include "scenes/scene_canvas.h"
#include "scenes/scene_classes.h"
#include "scenes/scene_painter.h"
#include "scenes/scene_random.h"
#include "scenes/scene_texture.h"
#include "svgen/error.h"

namespace svgen {
namespace {

using namespace scene;

constexpr float kGrain = 0.006f;  // standard deviation, of the full range

// Buffers that grow once and stay, one set for each thread that draws.
struct Desk {
  Canvas canvas, behind, whole;
  Parts parts;
  Painter painter;
};

// This thread's, with a canvas of that size.
Desk& desk_of(int64_t side) {
  static thread_local Desk desk;
  desk.canvas.resize(static_cast<int>(side));
  return desk;
}

Palette draw_palette(SceneRandom& random, float usual_hue) {
  const bool usual = random.chance(0.7f);
  const float near = random.between(-0.06f, 0.06f), any = random.unit();
  const float hue = usual ? usual_hue + near : any;
  const float saturation = random.between(0.6f, 1), value = random.between(0.65f, 1);
  const float turn = random.between(0.3f, 0.7f), other = random.between(0.2f, 0.7f);
  return {hsv(hue, saturation, value), hsv(hue + turn, other, random.between(0.75f, 1))};
}

Pose paint_object(uint64_t seed, uint64_t index, const SceneClass& kind, Desk& desk) {
  const auto stream = [&](Aspect aspect) { return SceneRandom(seed, index, aspect); };
  SceneRandom pose = stream(Aspect::kPose), colours = stream(Aspect::kColours),
              light = stream(Aspect::kLight), parts = stream(Aspect::kParts);
  desk.parts.clear();
  kind.build(parts, draw_palette(colours, kind.hue), desk.parts);
  const Pose drawn = Pose::drawn(pose, kind.rotation, kind.flips);
  desk.painter.paint(desk.canvas, desk.parts, drawn, Light::drawn(light));
  return drawn;
}

// Tells what the object covers, or shades, of a pixel.
bool is_changed(const Colour& a, const Colour& b) {
  constexpr float kLeast = 2.0f / 255;
  return std::abs(a.r - b.r) + std::abs(a.g - b.g) + std::abs(a.b - b.b) > kLeast;
}

// The numbers 0 .. count - 1 in an order that leaves no more than a quarter at their place.
std::vector<int> disorder(SceneRandom& random, int count) {
  std::vector<int> order(static_cast<size_t>(count));
  int kept = count;
  while (kept > count / 4) {
    std::iota(order.begin(), order.end(), 0);
    for (int i = count - 1; i > 0; --i) {
      const int j = std::min(i, static_cast<int>(random.unit() * static_cast<float>(i + 1)));
      std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(j)]);
    }
    kept = 0;
    for (int i = 0; i < count; ++i) kept += order[static_cast<size_t>(i)] == i ? 1 : 0;
  }
  return order;
}

// Cuts what lies before `behind` on the canvas, around the object, and puts it together anew.
void break_up(SceneRandom random, const Pose& pose, Desk& desk) {
  desk.whole = desk.canvas;
  desk.canvas = desk.behind;
  const int cuts = 2 + std::min(2, static_cast<int>(random.unit() * 3));
  const int left = desk.canvas.from(pose.centre.x - pose.radius),
            top = desk.canvas.from(pose.centre.y - pose.radius);
  const int width = desk.canvas.from(pose.centre.x + pose.radius) - left,
            height = desk.canvas.from(pose.centre.y + pose.radius) - top;
  const int side = std::min(width, height) / cuts;
  const std::vector<int> order = disorder(random, cuts * cuts);
  for (int i = 0; i < cuts * cuts; ++i) {
    const int from = order[static_cast<size_t>(i)];
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x) {
        const int u = left + (from % cuts) * side + x, v = top + (from / cuts) * side + y;
        const Colour piece = desk.whole.get(u, v);
        if (is_changed(piece, desk.behind.get(u, v)))
          desk.canvas.set(left + (i % cuts) * side + x, top + (i / cuts) * side + y, piece);
      }
    }
  }
}

// Converts to 8 bits, with grain: the number of ones in a random word is normal enough (32 coins,
// deviation sqrt(8)) and costs next to nothing.
void develop(Canvas& canvas, SceneRandom random, const MutableImageView& out) {
  constexpr float kCoins = 32, kDeviation = 2.8284271f;
  constexpr float kScale = 255 * kGrain / kDeviation;
  std::array<uint32_t, 4> words{};
  size_t used = words.size();
  for (int channel = 0; channel < 3; ++channel) {
    for (int y = 0; y < canvas.side(); ++y) {
      const float* values = canvas.row(channel, y);
      uint8_t* bytes = out.row(channel, y);
      for (int x = 0; x < canvas.side(); ++x) {
        if (used == words.size()) {
          words = random.block();
          used = 0;
        }
        const float grain = static_cast<float>(std::popcount(words[used++])) - kCoins / 2;
        const float level = values[x] * 255 + grain * kScale + 0.5f;
        bytes[x * out.pixel_stride] = static_cast<uint8_t>(std::clamp(level, 0.0f, 255.0f));
      }
    }
  }
}

void check(int64_t label, const MutableImageView& out) {
  constexpr int64_t kMaxSide = 1 << 13;
  if (out.width != out.height || out.width < 1 || out.width > kMaxSide) {
    throw ShapeError("a scene is a square picture: give another size",
                     {.expected = "width = height from 1 to " + std::to_string(kMaxSide),
                      .found = std::to_string(out.width) + "x" + std::to_string(out.height),
                      .where = "scene"});
  }
  const auto classes = static_cast<int64_t>(scene_classes().size());
  if (label >= kTextureLabel && label < classes) return;
  throw ConfigurationError(
      "there is no such class of scenes: choose another",
      {.expected = "0 to " + std::to_string(classes - 1) + ", or -1 for a texture",
       .found = std::to_string(label),
       .where = "scene"});
}

}  // namespace

const std::vector<std::string>& scene_class_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const SceneClass& row : scene_classes()) list.emplace_back(row.name);
    return list;
  }();
  return names;
}

bool is_texture_scene(uint64_t seed, uint64_t index, double share) {
  return SceneRandom(seed, index, Aspect::kKind).unit() < static_cast<float>(share);
}

bool is_scene_in_pieces(uint64_t seed, uint64_t index, double share) {
  return SceneRandom(seed, index, Aspect::kPieces).unit() < static_cast<float>(share);
}

void render_pieces(uint64_t seed, uint64_t index, int64_t label, Backgrounds backgrounds,
                   const MutableImageView& out) {
  if (label == kTextureLabel) return render_scene(seed, index, label, backgrounds, out);
  check(label, out);
  Desk& desk = desk_of(out.width);
  SceneRandom behind(seed, index, Aspect::kBackground);
  paint_background(desk.canvas, behind, backgrounds);
  desk.behind = desk.canvas;
  const Pose pose = paint_object(seed, index, scene_classes()[static_cast<size_t>(label)], desk);
  SceneRandom random(seed, index, Aspect::kPieces);
  random.unit();  // what is_scene_in_pieces took
  break_up(random, pose, desk);
  develop(desk.canvas, SceneRandom(seed, index, Aspect::kGrain), out);
}

void render_scene(uint64_t seed, uint64_t index, int64_t label, Backgrounds backgrounds,
                  const MutableImageView& out) {
  check(label, out);
  Desk& desk = desk_of(out.width);
  SceneRandom behind(seed, index, Aspect::kBackground);
  if (label == kTextureLabel) {
    paint_texture(desk.canvas, behind);
  } else {
    paint_background(desk.canvas, behind, backgrounds);
    paint_object(seed, index, scene_classes()[static_cast<size_t>(label)], desk);
  }
  develop(desk.canvas, SceneRandom(seed, index, Aspect::kGrain), out);
}

}  // namespace svgen
