// SPDX-License-Identifier: MIT
// 8-bit pictures to the encoders' input and back from the decoder's output.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>

#include "models/network.h"
#include "svgen/card.h"
#include "svgen/image.h"
#include "svgen/ycbcr.h"

namespace svgen::engine {

/// The token grid of pictures that share one size. ShapeError when they do not, when a side is no
/// multiple of the patch, or when a view has no pixels.
Grid token_grid(std::span<const ImageView> images, int64_t patch);
Grid token_grid(std::span<const YcbcrView> images, int64_t patch);

/// Throws ShapeError unless every picture has grid * patch pixels and memory.
void check_pictures(std::span<const MutableImageView> pictures, const Grid& grid, int64_t patch);
void check_pictures(std::span<const MutableYcbcrView> pictures, const Grid& grid, int64_t patch);

/// (x / 255 - mean) / std of the scale: (N, 3, H, W) float32 on the host.
/// The images must have one size. x is a level of R', G' or B'; one of a Y'CbCr picture is rounded
/// before (ops/cpu/ycbcr.h).
at::Tensor normalized_pixels(std::span<const ImageView> images,
                             const models::PixelScale& scale = models::kImageNetScale);
at::Tensor normalized_pixels(std::span<const YcbcrView> images,
                             const models::PixelScale& scale = models::kImageNetScale);
/// Returns the pixels as x / 127.5 - 1, the range of a decoder.
at::Tensor signed_pixels(std::span<const ImageView> images);

/// floor(255 (x + 1) / 2 + 0.5), clamped to 0 .. 255, of x (3, H, W) float32 into the picture.
void write_levels(const at::Tensor& x, const MutableImageView& picture);
/// Writes the levels as Y'CbCr; colour is the mean of two by two pixels.
void write_levels(const at::Tensor& x, const MutableYcbcrView& picture);

}  // namespace svgen::engine
