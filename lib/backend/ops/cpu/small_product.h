// SPDX-License-Identifier: MIT
// The small matrix product of the host kernels: a few rows with a packed matrix whose rows are
// whole vectors. A row's sums run in order, so they do not depend on which rows share a turn.
#pragma once

#include "ops/cpu/vector_math.h"

namespace svgen::ops::cpu {

/// c (Rows, 16 Vectors) = a (Rows, n) b (n, 16 Vectors), rows that many numbers apart. The sums
/// live in registers only where the loops over them are unrolled, which the optimiser leaves to us.
template <int Rows, int Vectors>
SVGEN_INLINE void multiply(const float* a, int64_t a_stride, const float* b, int64_t b_stride,
                           int64_t n, float* c, int64_t c_stride) {
  Floats sums[Rows][Vectors] = {};
  for (int64_t i = 0; i < n; ++i, ++a, b += b_stride) {
    Floats row[Vectors];
    SVGEN_UNROLL for (int v = 0; v < Vectors; ++v) row[v] = load(b + v * kLanes);
    SVGEN_UNROLL for (int r = 0; r < Rows; ++r) {
      const float factor = a[r * a_stride];
      SVGEN_UNROLL for (int v = 0; v < Vectors; ++v) sums[r][v] += factor * row[v];
    }
  }
  SVGEN_UNROLL for (int r = 0; r < Rows; ++r) SVGEN_UNROLL for (int v = 0; v < Vectors; ++v)
      store(c + r * c_stride + v * kLanes, sums[r][v]);
}

/// Whether as many sums may live in registers as 32 of 16 numbers hold; else 16 of 8.
inline bool has_wide_registers() {
#if defined(__x86_64__)
  static const bool has = __builtin_cpu_supports("avx512f");
  return has;
#else
  return false;
#endif
}

/// The next multiple of `unit`.
constexpr int64_t rounded_up(int64_t size, int64_t unit) {
  return (size + unit - 1) / unit * unit;
}

/// The next whole number of vectors.
constexpr int64_t padded(int64_t size) {
  return rounded_up(size, kLanes);
}

}  // namespace svgen::ops::cpu
