// SPDX-License-Identifier: MIT
// What lies behind the object.
#pragma once

#include "svgen/scene.h"
#include "svgen/scene_canvas.h"
#include "svgen/scene_random.h"

namespace svgen::scene {

/// Fills the whole canvas with one of eight (kVaried) or four (kPlain) equally likely backgrounds.
void paint_background(Canvas& canvas, SceneRandom& random, Backgrounds choice);

}  // namespace svgen::scene
