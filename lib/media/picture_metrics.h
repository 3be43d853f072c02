// SPDX-License-Identifier: MIT
// Measures how alike two 8-bit pictures are, channel by channel.
#pragma once

#include "svgen/image.h"

namespace svgen {

/// Mean squared difference over all pixels and channels, in squared levels. ShapeError when the
/// sizes differ or are 0.
double mean_squared_error(const ImageView& a, const ImageView& b);

/// 10 log10(255^2 / error) in decibels; infinite for no error.
double psnr_of_error(double mean_squared_error);

/// Structural similarity (Wang et al., 2004): Gaussian windows of deviation 1.5 cut at 11 pixels,
/// K1 = 0.01, K2 = 0.03, over the positions where the whole window lies in the picture, averaged
/// over channels. ShapeError when the sizes differ or a side is shorter than a window.
double structural_similarity(const ImageView& a, const ImageView& b);

}  // namespace svgen
