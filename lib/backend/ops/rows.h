// SPDX-License-Identifier: MIT
// Tokens, and a row for each image, as the host kernels take them.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/cpu/elements.h"
#include "ops/cpu/kernels.h"

namespace svgen::ops {

/// One row for each image, and how far they lie apart: parts of a wider matrix, or one for all.
struct ImageRows {
  at::Tensor rows;
  int64_t stride;
};

inline ImageRows rows_of(const at::Tensor& x) {
  const at::Tensor rows =
      x.scalar_type() == at::kFloat && x.stride(1) == 1 ? x : x.to(at::kFloat).contiguous();
  return {rows, rows.stride(0)};
}

inline cpu::RowOfImage row_of(const ImageRows& x) {
  return {elements<float>(x.rows), x.stride};
}

inline cpu::TokenShape token_shape(const at::Tensor& x) {
  return {x.size(0), x.size(1), x.size(2)};
}

}  // namespace svgen::ops
