// SPDX-License-Identifier: MIT
// A procedural labelled dataset: shaded objects of sixteen classes before varied backgrounds, and
// textures without an object. Everything is closed form per pixel; nothing is read from anywhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "svgen/image.h"

namespace svgen {

enum class Backgrounds {
  kPlain,   // gradients, and a wall with a floor
  kVaried,  // also stripes, checkerboards, dead leaves and noise
};

/// The label of a texture.
inline constexpr int64_t kTextureLabel = -1;

/// Names by label: ball, cube, torus, ...
const std::vector<std::string>& scene_class_names();

/// True for the images of a stream that are textures: a share of them, chosen by (seed, index).
bool is_texture_scene(uint64_t seed, uint64_t index, double share);

/// Draws image `index`: pixels are a function of the arguments alone, whatever was drawn before and
/// on whatever thread. Another size shows the same scene. Pose, colours, light and background vary
/// with (seed, index). ShapeError unless `out` is a square; ConfigurationError when there is no
/// class `label`.
void render_scene(uint64_t seed, uint64_t index, int64_t label, Backgrounds backgrounds,
                  const MutableImageView& out);

/// The name of the class of scenes in pieces, behind those of scene_class_names().
inline constexpr const char* kPiecesName = "pieces";

/// True for the images of a stream that are in pieces: a share of them, chosen by (seed, index).
bool is_scene_in_pieces(uint64_t seed, uint64_t index, double share);

/// Draws the same scene, its object cut into 2x2, 3x3 or 4x4 squares that lie in disorder before
/// the same background: colours and textures stay, the shape goes. Errors as above; a texture has
/// no pieces.
void render_pieces(uint64_t seed, uint64_t index, int64_t label, Backgrounds backgrounds,
                   const MutableImageView& out);

}  // namespace svgen
