// SPDX-License-Identifier: MIT
// Pixels to tokens: a convolution whose stride is its kernel, tokens row-major.
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/state.h"

namespace svgen::nn {

struct PatchEmbed {
  PatchEmbed(int64_t patch_size, int64_t token_width) : patch(patch_size), width(token_width) {}

  void visit(const StateScope& state);

  /// (N, 3, H, W) -> (N, (H / patch)(W / patch), width). ShapeError unless H and W are positive
  /// multiples of the patch.
  at::Tensor operator()(const at::Tensor& pixels) const;

  int64_t patch, width;
  at::Tensor weight, bias;  // (width, 3, patch, patch), (width)
};

}  // namespace svgen::nn
