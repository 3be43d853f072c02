// SPDX-License-Identifier: MIT
// Resizing of 8-bit pictures, to the bit as Pillow does it.
//
// Separable, one pass along rows and one along columns, both with an antialiasing kernel: an
// output sample at centre c = (i + 1/2) s, s = input size / output size, weighs the input samples
// under a kernel stretched by max(s, 1). Weights are normalised to sum 1 and rounded to 22
// fractional bits; each pass rounds to 8 bits and clamps. Rows come first, except (since Pillow 13)
// where the height shrinks, and by more than twice as many pixels as the width; which comes first
// shows in the last bit.
#pragma once

#include <cstdint>

#include "svgen/image.h"

namespace svgen {

enum class ResampleFilter {
  kBox,      // the mean over the input pixels that an output pixel covers
  kBicubic,  // Keys' cubic convolution with a = -1/2
};

/// Resizes `source` to width x height and writes the window of it whose top left corner is (x, y)
/// and whose size is that of `out`; only that window is computed. Throws ShapeError when a size is
/// not positive or the window leaves the resized picture.
void resample(const ImageView& source, int64_t width, int64_t height, ResampleFilter filter,
              int64_t x, int64_t y, const MutableImageView& out);

/// The whole resized picture; its size is that of `out`.
inline void resample(const ImageView& source, ResampleFilter filter, const MutableImageView& out) {
  resample(source, out.width, out.height, filter, 0, 0, out);
}

}  // namespace svgen
