// SPDX-License-Identifier: MIT
// Squares of cells of a latent as the tokens of a transformer, and back. The two directions order a
// square differently, as the published networks do.
#pragma once

#include <ATen/core/Tensor.h>

#include "svgen/card.h"

namespace svgen::nn {

/// (N, h w, C), cells in rows -> (N, h w / p^2, C p p): a token is its square in the order
/// (channel, row, column). p divides both sides of the grid.
at::Tensor to_patches(const at::Tensor& cells, const Grid& grid, int64_t patch);

/// (N, h w / p^2, p p C) -> (N, h w, C): a token is its square in the order (row, column, channel).
at::Tensor from_patches(const at::Tensor& tokens, const Grid& grid, int64_t patch);

}  // namespace svgen::nn
