// SPDX-License-Identifier: MIT
// Folding squares of cells.
#include "nn/latent_patches.h"

namespace svgen::nn {

at::Tensor to_patches(const at::Tensor& cells, const Grid& grid, int64_t patch) {
  if (patch == 1) return cells;
  const int64_t rows = grid.height / patch, columns = grid.width / patch;
  return cells.reshape({cells.size(0), rows, patch, columns, patch, cells.size(2)})
      .permute({0, 1, 3, 5, 2, 4})  // (N, rows, columns, C, p, p)
      .reshape({cells.size(0), rows * columns, -1});
}

at::Tensor from_patches(const at::Tensor& tokens, const Grid& grid, int64_t patch) {
  if (patch == 1) return tokens;
  const int64_t rows = grid.height / patch, columns = grid.width / patch;
  return tokens.reshape({tokens.size(0), rows, columns, patch, patch, -1})
      .permute({0, 1, 3, 2, 4, 5})  // (N, rows, p, columns, p, C)
      .reshape({tokens.size(0), grid.cells(), -1});
}

}  // namespace svgen::nn
