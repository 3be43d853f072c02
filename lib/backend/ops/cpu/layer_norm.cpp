// SPDX-License-Identifier: MIT
// The operations around the branches of a transformer block, a row at a time.
#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "ops/cpu/kernels.h"
#include "ops/cpu/vector_math.h"

namespace svgen::ops::cpu {
namespace {

constexpr int64_t kRowsAtOnce = 8;
// Rows whose sums one thread adds up: a number of its own, for the same bits with any threads.
constexpr int64_t kRowsSummed = 32;

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

// The sums over the rows of an image: what flows back to its gate, shift and scale.
struct RowSums {
  float* gate;
  float* shift;
  float* scale;
};

// With h = (y - mean) / deviation, g = dL/dnormed (1 + scale) and means over a row,
// dL/dy = (g - mean(g) - h mean(g h)) / deviation + what flows back to y itself. Where the mean is
// left on, nothing flows through it.
template <typename T>
SVGEN_INLINE void gradient_each(const SumAndNormInput<T>& from, float* x, T* branch, int64_t first,
                                int64_t rows, int64_t width, const float* gate, const float* scale,
                                const RowSums& sums) {
  const auto share = 1.0f / static_cast<float>(width);
  for (int64_t at = first * width; at < (first + rows) * width; at += width) {
    const float* y = from.y + at;
    const auto eps = static_cast<float>(from.eps);
    const Moments found = from.centred ? moments(y, width, eps) : root_mean_square(y, width, eps);
    Floats total{}, along{};
    for (int64_t i = 0; i < width; i += kLanes) {
      const int64_t n = width - i;
      const Floats g = load(from.normed_gradient + at + i, n) * (1.0f + load(scale + i, n));
      total += g;
      along += g * (load(y + i, n) - found.mean) * found.inverse;
    }
    const float mean = from.centred ? sum(total) * share : 0, mean_along = sum(along) * share;
    for (int64_t i = 0; i < width; i += kLanes) {
      const int64_t n = width - i;
      const Floats normal = (load(y + i, n) - found.mean) * found.inverse;
      const Floats shifted = load(from.normed_gradient + at + i, n);
      Floats g =
          (shifted * (1.0f + load(scale + i, n)) - mean - normal * mean_along) * found.inverse;
      if (from.y_gradient != nullptr) g += load(from.y_gradient + at + i, n);
      store(x + at + i, g, n);
      store(branch + at + i, g * load(gate + i, n), n);
      store(sums.gate + i, load(sums.gate + i, n) + g * load(from.branch + at + i, n), n);
      store(sums.shift + i, load(sums.shift + i, n) + shifted, n);
      store(sums.scale + i, load(sums.scale + i, n) + shifted * normal, n);
    }
  }
}

SVGEN_VECTOR_CLONES
void gradient_rows(const SumAndNormInput<float>& from, float* x, float* branch, int64_t first,
                   int64_t rows, int64_t width, const float* gate, const float* scale,
                   const RowSums& sums) {
  gradient_each(from, x, branch, first, rows, width, gate, scale, sums);
}

SVGEN_VECTOR_CLONES
void gradient_rows(const SumAndNormInput<Bfloat16>& from, float* x, Bfloat16* branch, int64_t first,
                   int64_t rows, int64_t width, const float* gate, const float* scale,
                   const RowSums& sums) {
  gradient_each(from, x, branch, first, rows, width, gate, scale, sums);
}

int64_t groups_of(const TokenShape& shape, int64_t rows_at_once) {
  return (shape.tokens + rows_at_once - 1) / rows_at_once;
}

// work(first row of all, rows, image, group) for groups of rows that share an image.
template <typename Work>
void for_groups(const TokenShape& shape, int64_t rows_at_once, const Work& work) {
  const int64_t groups = groups_of(shape, rows_at_once);
  at::parallel_for(0, shape.images * groups, 1, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      const int64_t image = group / groups, first = group % groups * rows_at_once;
      work(image * shape.tokens + first, std::min(rows_at_once, shape.tokens - first), image,
           group);
    }
  });
}

// work(first row of all, rows, image)
template <typename Work>
void for_rows(const TokenShape& shape, const Work& work) {
  for_groups(
      shape, kRowsAtOnce,
      [&](int64_t first, int64_t rows, int64_t image, int64_t /*group*/) {
        work(first, rows, image);
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

template <typename T>
void gated_sum_and_norm_gradient(const SumAndNormInput<T>& from, const TokenShape& shape,
                                 const SumAndNormGradients<T>& to) {
  constexpr int64_t kSums = 3;
  const int64_t groups = groups_of(shape, kRowsSummed), width = shape.width;
  std::vector<float> sums(shape.images * groups * kSums * width);
  for_groups(shape, kRowsSummed, [&](int64_t first, int64_t rows, int64_t image, int64_t group) {
    float* own = sums.data() + group * kSums * width;
    gradient_rows(from, to.x, to.branch, first, rows, width,
                  from.gate.data + image * from.gate.stride,
                  from.scale.data + image * from.scale.stride, {own, own + width, own + 2 * width});
  });
  float* const rows[kSums] = {to.gate, to.shift, to.scale};
  for (int64_t image = 0; image < shape.images; ++image)
    for (int64_t kind = 0; kind < kSums; ++kind) {
      float* row = rows[kind] + image * width;
      std::fill_n(row, width, 0.0f);
      for (int64_t group = image * groups; group < (image + 1) * groups; ++group) {
        const float* own = sums.data() + (group * kSums + kind) * width;
        for (int64_t i = 0; i < width; ++i) row[i] += own[i];
      }
    }
}

template void gated_sum_and_norm_gradient(const SumAndNormInput<float>&, const TokenShape&,
                                          const SumAndNormGradients<float>&);
template void gated_sum_and_norm_gradient(const SumAndNormInput<Bfloat16>&, const TokenShape&,
                                          const SumAndNormGradients<Bfloat16>&);
template void modulated_layer_norm(const float*, float*, const TokenShape&, const RowOfImage&,
                                   const RowOfImage&, float, double, bool);
template void modulated_layer_norm(const float*, Bfloat16*, const TokenShape&, const RowOfImage&,
                                   const RowOfImage&, float, double, bool);
template void gated_sum(const float*, const float*, float*, const TokenShape&, const RowOfImage&);
template void gated_sum(const float*, const Bfloat16*, float*, const TokenShape&,
                        const RowOfImage&);

}  // namespace svgen::ops::cpu
