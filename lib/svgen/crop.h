// SPDX-License-Identifier: MIT
// Cuts square training pictures out of pictures of any size.
#pragma once

#include <cstdint>

#include "svgen/image.h"

namespace svgen {

/// Makes the centre crop of Dhariwal and Nichol ("Diffusion models beat GANs on image synthesis",
/// 2021, the ADM code), with which the paper's diffusion transformer was trained: halve both sides
/// (box filter, sizes rounded down) while the shorter one is at least twice the target, resize
/// (bicubic) so that the shorter side is the target, sides rounded half to even, then cut the
/// centre, offsets rounded down. Throws ShapeError unless `out` is square.
void center_crop(const ImageView& source, const MutableImageView& out);

/// Describes how one image is varied in one epoch.
struct Variation {
  double x = 0.5, y = 0.5;  // in [0, 1): where the crop lies between the first and last position
  bool flip = false;
};

/// Draws the variation of an image, a pure function of the arguments. `item` is the image's place
/// in its dataset; it is flipped with probability 1/2.
Variation variation(uint64_t seed, int64_t epoch, int64_t item);

/// Resizes (bicubic, antialiased) so that the shorter side is that of the square `out`, then cuts
/// the square at x and y of `where`: the crop of the paper's tokenizer training. Does not flip.
/// Throws ShapeError unless `out` is square.
void random_crop(const ImageView& source, const Variation& where, const MutableImageView& out);

}  // namespace svgen
