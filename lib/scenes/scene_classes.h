// SPDX-License-Identifier: MIT
// The table of object classes.
#pragma once

#include <span>

#include "scenes/scene_parts.h"
#include "scenes/scene_random.h"

namespace svgen::scene {

struct Palette {
  Colour first, second;
};

struct SceneClass {
  const char* name;
  float hue;       // the usual one, in turns
  float rotation;  // largest turn in the picture to either side, radians
  bool flips;      // may be mirrored
  void (*build)(SceneRandom& random, const Palette& palette, Parts& parts);  // appends
};

/// Returns the classes by label.
std::span<const SceneClass> scene_classes();

}  // namespace svgen::scene
