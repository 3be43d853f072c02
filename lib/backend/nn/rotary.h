// SPDX-License-Identifier: MIT
// Axial rotary positions: the coordinates of a token turn pairs of channels.
#pragma once

#include <ATen/core/Tensor.h>

namespace svgen::nn {

/// Sine and cosine per patch token, float32, (T, head); T tokens row-major.
struct RotaryTables {
  at::Tensor sin, cos;
};

/// Periods p_i = base^(i / (head / 4)) for i = 0 .. head/4 - 1, float32. ShapeError unless head is
/// a positive multiple of 4.
at::Tensor rotary_periods(int64_t head, double base);

/// The tables of a grid of `height` x `width` patches: angle = 2 pi c / p with c = 2 (i + 0.5) /
/// size
/// - 1 along each axis; per token [rows' angles, columns' angles], tiled twice. Computed in
/// float32 on the host, placed on the periods' device.
RotaryTables rotary_tables(const at::Tensor& periods, int64_t height, int64_t width);

/// The tables of a grid for positions in whole cells (Su et al., 2021): angle = p 10000^(-j / (head
/// / 4)), p the row for the first half of the pairs and the column for the others, j = 0 .. head/4
/// -
/// 1. In the layout of the tables above, on the host. ShapeError unless head is a multiple of 4.
RotaryTables cell_rotary_tables(int64_t head, int64_t height, int64_t width);

/// Channels 0, 2, 4, ... of the last dimension, then 1, 3, 5, ...: neighbouring pairs become the
/// pairs that rotate() turns. Products of q and k do not change by it.
at::Tensor pairs_as_halves(const at::Tensor& x);

/// x cos + [-x2, x1] sin for the tokens after the first `prefix`, where x1, x2 are the halves of
/// the last dimension. x is (N, heads, prefix + T, head), of any dtype.
at::Tensor rotate(const at::Tensor& x, const RotaryTables& tables, int64_t prefix);

}  // namespace svgen::nn
