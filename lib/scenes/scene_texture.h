// SPDX-License-Identifier: MIT
// Textures: dead leaves (Matheron's occluding shapes) and noise of many octaves.
#pragma once

#include <vector>

#include "scenes/scene_canvas.h"
#include "scenes/scene_random.h"

namespace svgen::scene {

/// A field of side x side values of unit order around 0: six octaves of smoothly interpolated
/// random grids, octave o with 2^o cells a side and amplitude 2^(-o roughness).
void fractal_noise(SceneRandom& random, int side, float roughness, std::vector<float>& field);

struct Leaves {
  int count;
  float smallest, largest;  // radii; their density falls as 1 / r^3
  float softest;            // edges are this many pixels wide at most, half a pixel at least
};

/// Fills the canvas, then drops shapes (disc, rectangle, ellipse) on it.
void paint_leaves(Canvas& canvas, SceneRandom& random, const Leaves& leaves);

/// Noise as a mixture of two colours.
void paint_noise(Canvas& canvas, SceneRandom& random, const Colour& a, const Colour& b);

/// A whole texture image: dead leaves under noise (7 of 10) or noise alone.
void paint_texture(Canvas& canvas, SceneRandom& random);

}  // namespace svgen::scene
