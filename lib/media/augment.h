// SPDX-License-Identifier: MIT
// Augmented views of a picture for training an encoder: a random crop, a mirror, a change of
// colours, a blur, a loss of resolution, noise. A view is a function of (seed, image, number of the
// view).
#pragma once

#include <array>
#include <cstdint>

#include "svgen/image.h"
#include "svgen/trainer.h"

namespace svgen {

/// y = gain x + offset for colours x in [0, 255].
struct ColourMap {
  std::array<std::array<double, 3>, 3> gain{};
  std::array<double, 3> offset{};
};

struct AugmentedView {
  int64_t x = 0, y = 0, width = 0, height = 0;  // the crop, in pixels of the picture
  bool flip = false;
  bool blur = false;  // with [1 2 1] / 4 along both axes
  ColourMap colours;
  double coarse = 1;  // how many times smaller the picture is made in between
  double noise = 0;   // deviation, in levels
  uint64_t noise_key = 0;
};

/// Draws view `number` of image `image`, whose picture has this size. The crop's aspect ratio lies
/// between 3/4 and 4/3 (Szegedy et al., 2015). Brightness scales, contrast scales around middle
/// grey, saturation scales around the luma, hue turns the chroma (YIQ); all four are one affine
/// map.
AugmentedView draw_view(uint64_t seed, uint64_t image, uint32_t number,
                        const AugmentOptions& options, int64_t width, int64_t height);

/// Cuts, resizes (bicubic, antialiased), mirrors, blurs and recolours `source` into `out`, and adds
/// the noise.
void apply_view(const ImageView& source, const AugmentedView& view, const MutableImageView& out);

}  // namespace svgen
