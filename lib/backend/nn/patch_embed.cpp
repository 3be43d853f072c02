// SPDX-License-Identifier: MIT
// Pixels to tokens.
#include "nn/patch_embed.h"

#include <ATen/ops/conv2d.h>

#include "nn/linear.h"
#include "ops/device.h"
#include "svgen/error.h"
#include "svgen/tensor.h"

namespace svgen::nn {

void PatchEmbed::visit(const StateScope& state) {
  state("weight", weight, {width, 3, patch, patch});
  state("bias", bias, {width});
}

at::Tensor PatchEmbed::operator()(const at::Tensor& pixels) const {
  if (pixels.dim() != 4 || pixels.size(1) != 3 || pixels.size(2) < patch ||
      pixels.size(3) < patch || pixels.size(2) % patch != 0 || pixels.size(3) % patch != 0) {
    const std::string multiple = "a multiple of " + std::to_string(patch);
    throw ShapeError("the picture does not divide into patches: scale or crop it",
                     {.expected = "[N, 3, H, W] with H and W " + multiple,
                      .found = shape_text(pixels.sizes().vec())});
  }
  if (ops::device::takes(pixels)) {
    // The library's convolution takes ten times as long as the product that it is.
    const int64_t n = pixels.size(0), rows = pixels.size(2) / patch,
                  columns = pixels.size(3) / patch;
    const at::Tensor patches = pixels.to(weight.scalar_type())
                                   .reshape({n, 3, rows, patch, columns, patch})
                                   .permute({0, 2, 4, 1, 3, 5})
                                   .reshape({n, rows * columns, 3 * patch * patch});
    return affine(patches, weight.flatten(1), bias);  // (N, T, D)
  }
  const at::Tensor maps = at::conv2d(pixels.contiguous().to(weight.scalar_type()), weight, bias,
                                     {patch, patch});                // (N, D, H/p, W/p)
  return maps.flatten(2).transpose(1, 2).to(carried_dtype(weight));  // (N, T, D)
}

}  // namespace svgen::nn
