// SPDX-License-Identifier: MIT
// The product of rows with rows, for where the library's depends on more than its two rows.
//
// A result is the sum along its rows, in order and piece by piece: neither the other rows nor the
// threads have a say in it.
#include <ATen/Parallel.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "ops/cpu/kernels.h"
#include "ops/cpu/small_product.h"
#include "ops/cpu/vector_math.h"

// x86-64-v3 is named, since AVX2 alone does not bring the fused multiplication.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SVGEN_FUSED_CLONES __attribute__((target_clones("avx512f", "arch=x86-64-v3", "default")))
#else
#define SVGEN_FUSED_CLONES
#endif

namespace svgen::ops::cpu {
namespace {

constexpr int64_t kPiece = 256;  // of a row: short sums round less

// The rows and columns whose sums fill the registers: two vectors of columns, as wide as the
// processor's own. The optimiser keeps sums of two of its registers in memory.
template <int RowCount, int LaneCount>
struct Turn {
  static constexpr int kRows = RowCount, kWidth = LaneCount, kColumns = 2 * LaneCount;
};
using Narrow = Turn<6, 8>;  // of 16 registers of 8 numbers
using Wide = Turn<12, 16>;  // of 32 of 16

// A thread's own, both as floats: a piece of the columns' rows of w, one number of each after the
// other, and a piece of a turn's rows of x.
struct Scratch {
  std::vector<float> columns = std::vector<float>(kPiece * Wide::kColumns);
  std::vector<float> rows = std::vector<float>(kPiece * Wide::kRows);
};

SVGEN_INLINE float number(float x) {
  return x;
}

SVGEN_INLINE float number(Bfloat16 x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x) << 16);
}

// to[i, c] = from[c, i] for the columns that there are, 0 for the others.
template <int Columns, typename T>
SVGEN_INLINE void turn_over(const T* from, int64_t stride, int64_t columns, int64_t count,
                            float* to) {
  for (int64_t c = 0; c < Columns; ++c)
    for (int64_t i = 0; i < count; ++i)
      to[i * Columns + c] = c < columns ? number(from[c * stride + i]) : 0;
}

struct Rows {
  const float* data;
  int64_t stride;
};

SVGEN_INLINE Rows as_floats(const float* x, int64_t stride, int64_t, int64_t, Scratch&) {
  return {x, stride};
}

SVGEN_INLINE Rows as_floats(const Bfloat16* x, int64_t stride, int64_t rows, int64_t count,
                            Scratch& scratch) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t i = 0; i < count; ++i) scratch.rows[r * kPiece + i] = number(x[r * stride + i]);
  return {scratch.rows.data(), kPiece};
}

// y (RowCount, columns) += x (RowCount, count) w (count, T::kColumns).
template <int RowCount, typename T>
SVGEN_INLINE void add_turn(const Rows& x, const float* w, int64_t count, int64_t columns, float* y,
                           int64_t y_stride) {
  // NOLINTNEXTLINE(modernize-use-using): its attribute depends on T
  typedef float Vector __attribute__((vector_size(4 * T::kWidth)));  // not heeded in T itself
  Vector left[RowCount] = {}, right[RowCount] = {};
  for (int64_t i = 0; i < count; ++i, w += T::kColumns) {
    Vector l, r;
    std::memcpy(&l, w, sizeof l);
    std::memcpy(&r, w + T::kWidth, sizeof r);
    SVGEN_UNROLL for (int row = 0; row < RowCount; ++row) {
      const float factor = x.data[row * x.stride + i];
      left[row] += factor * l;
      right[row] += factor * r;
    }
  }
  float sums[RowCount][T::kColumns];
  SVGEN_UNROLL for (int row = 0; row < RowCount; ++row) {
    std::memcpy(sums[row], &left[row], sizeof left[row]);
    std::memcpy(sums[row] + T::kWidth, &right[row], sizeof right[row]);
  }
  for (int row = 0; row < RowCount; ++row)
    for (int64_t c = 0; c < columns; ++c) y[row * y_stride + c] += sums[row][c];
}

// Some columns of all rows; x and w begin at the first number, y at the first column.
template <typename T, typename Number>
SVGEN_INLINE void add_columns(const Number* x, const Number* w, const ProductShape& shape,
                              int64_t columns, Scratch& scratch, float* y) {
  for (int64_t first = 0; first < shape.in; first += kPiece) {
    const int64_t count = std::min(kPiece, shape.in - first);
    turn_over<T::kColumns>(w + first, shape.in, columns, count, scratch.columns.data());
    const auto add = [&]<int RowCount>(int64_t row) SVGEN_LAMBDA {
      const Rows rows = as_floats(x + row * shape.in + first, shape.in, RowCount, count, scratch);
      add_turn<RowCount, T>(rows, scratch.columns.data(), count, columns, y + row * shape.out,
                            shape.out);
    };
    int64_t row = 0;
    for (; row + T::kRows <= shape.rows; row += T::kRows) add.template operator()<T::kRows>(row);
    for (; row < shape.rows; ++row) add.template operator()<1>(row);
  }
}

SVGEN_FUSED_CLONES
void run_narrow(const float* x, const float* w, const ProductShape& shape, int64_t columns,
                Scratch& scratch, float* y) {
  add_columns<Narrow>(x, w, shape, columns, scratch, y);
}
SVGEN_FUSED_CLONES
void run_narrow(const Bfloat16* x, const Bfloat16* w, const ProductShape& shape, int64_t columns,
                Scratch& scratch, float* y) {
  add_columns<Narrow>(x, w, shape, columns, scratch, y);
}
SVGEN_FUSED_CLONES
void run_wide(const float* x, const float* w, const ProductShape& shape, int64_t columns,
              Scratch& scratch, float* y) {
  add_columns<Wide>(x, w, shape, columns, scratch, y);
}
SVGEN_FUSED_CLONES
void run_wide(const Bfloat16* x, const Bfloat16* w, const ProductShape& shape, int64_t columns,
              Scratch& scratch, float* y) {
  add_columns<Wide>(x, w, shape, columns, scratch, y);
}

}  // namespace

template <typename T>
void add_row_products(const T* x, const T* w, const ProductShape& shape, float* y) {
  const bool wide = has_wide_registers();
  const int64_t width = wide ? Wide::kColumns : Narrow::kColumns;
  at::parallel_for(0, (shape.out + width - 1) / width, 1, [&](int64_t begin, int64_t end) {
    thread_local Scratch scratch;
    for (int64_t i = begin; i < end; ++i) {
      const int64_t column = i * width, columns = std::min(width, shape.out - column);
      const T* of_columns = w + column * shape.in;
      wide ? run_wide(x, of_columns, shape, columns, scratch, y + column)
           : run_narrow(x, of_columns, shape, columns, scratch, y + column);
    }
  });
}

template void add_row_products(const float*, const float*, const ProductShape&, float*);
template void add_row_products(const Bfloat16*, const Bfloat16*, const ProductShape&, float*);

}  // namespace svgen::ops::cpu
