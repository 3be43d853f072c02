// SPDX-License-Identifier: MIT
// The operations around the branches of a transformer block, a row at a time.
#include <ATen/Parallel.h>

#include <algorithm>

#include "ops/cpu/kernels.h"
#include "ops/cpu/vector_math.h"

namespace svgen::ops::cpu {
namespace {

constexpr int64_t kRowsAtOnce = 8;

template <typename Out>
SVGEN_INLINE void norm_each(const float* x, Out* y, int64_t rows, int64_t width, const float* shift,
                            const float* scale, float base, float eps, bool centred) {
  for (int64_t row = 0; row < rows; ++row, x += width, y += width) {
    const Moments found = centred ? moments(x, width, eps) : root_mean_square(x, width, eps);
    for (int64_t i = 0; i < width; i += kLanes) {
      const int64_t n = width - i;
      const Floats normal = (load(x + i, n) - found.mean) * found.inverse;
      store(y + i, normal * (base + load(scale + i, n)) + load(shift + i, n), n);
    }
  }
}

SVGEN_VECTOR_CLONES
void norm_rows(const float* x, float* y, int64_t rows, int64_t width, const float* shift,
               const float* scale, float base, float eps, bool centred) {
  norm_each(x, y, rows, width, shift, scale, base, eps, centred);
}

SVGEN_VECTOR_CLONES
void norm_rows(const float* x, Bfloat16* y, int64_t rows, int64_t width, const float* shift,
               const float* scale, float base, float eps, bool centred) {
  norm_each(x, y, rows, width, shift, scale, base, eps, centred);
}

template <typename Branch>
SVGEN_INLINE void sum_each(const float* x, const Branch* branch, float* y, int64_t rows,
                           int64_t width, const float* gate) {
  for (int64_t row = 0; row < rows; ++row, x += width, branch += width, y += width)
    for (int64_t i = 0; i < width; i += kLanes) {
      const int64_t n = width - i;
      store(y + i, load(x + i, n) + load(gate + i, n) * load(branch + i, n), n);
    }
}

SVGEN_VECTOR_CLONES
void sum_rows(const float* x, const float* branch, float* y, int64_t rows, int64_t width,
              const float* gate) {
  sum_each(x, branch, y, rows, width, gate);
}

SVGEN_VECTOR_CLONES
void sum_rows(const float* x, const Bfloat16* branch, float* y, int64_t rows, int64_t width,
              const float* gate) {
  sum_each(x, branch, y, rows, width, gate);
}

// work(first row of all, rows, image) for groups of rows that share an image.
template <typename Work>
void for_rows(const TokenShape& shape, const Work& work) {
  const int64_t groups = (shape.tokens + kRowsAtOnce - 1) / kRowsAtOnce;
  at::parallel_for(0, shape.images * groups, 1, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      const int64_t image = group / groups, first = group % groups * kRowsAtOnce;
      work(image * shape.tokens + first, std::min(kRowsAtOnce, shape.tokens - first), image);
    }
  });
}

}  // namespace

template <typename Out>
void modulated_layer_norm(const float* x, Out* y, const TokenShape& shape, const RowOfImage& shift,
                          const RowOfImage& scale, float base, double eps, bool centred) {
  for_rows(
      shape,
      [&](int64_t first, int64_t rows, int64_t image) {
        norm_rows(x + first * shape.width, y + first * shape.width, rows, shape.width,
                  shift.data + image * shift.stride, scale.data + image * scale.stride, base,
                  static_cast<float>(eps), centred);
      });
}

template <typename Branch>
void gated_sum(const float* x, const Branch* branch, float* y, const TokenShape& shape,
               const RowOfImage& gate) {
  for_rows(
      shape,
      [&](int64_t first, int64_t rows, int64_t image) {
        const int64_t offset = first * shape.width;
        sum_rows(x + offset, branch + offset, y + offset, rows, shape.width,
                 gate.data + image * gate.stride);
      });
}

template void modulated_layer_norm(const float*, float*, const TokenShape&, const RowOfImage&,
                                   const RowOfImage&, float, double, bool);
template void modulated_layer_norm(const float*, Bfloat16*, const TokenShape&, const RowOfImage&,
                                   const RowOfImage&, float, double, bool);
template void gated_sum(const float*, const float*, float*, const TokenShape&, const RowOfImage&);
template void gated_sum(const float*, const Bfloat16*, float*, const TokenShape&,
                        const RowOfImage&);

}  // namespace svgen::ops::cpu
