// SPDX-License-Identifier: MIT
// Paints the background behind the object.
#pragma once

#include "scenes/scene.h"
#include "scenes/scene_canvas.h"
#include "scenes/scene_random.h"

namespace svgen::scene {

/// Fills the whole canvas with one of eight (kVaried) or four (kPlain) equally likely backgrounds.
void paint_background(Canvas& canvas, SceneRandom& random, Backgrounds choice);

}  // namespace svgen::scene
