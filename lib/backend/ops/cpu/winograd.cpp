// SPDX-License-Identifier: MIT
// 3x3 convolutions by Winograd's F(4x4, 3x3) (Lavin and Gray 2016): a quarter of the products.
//
// A tile of 4x4 results is the product, at 36 points, of the 6x6 inputs it reaches and of the
// kernel, each taken there by a linear transform in both directions, and back. The points are Toom
// and Cook's for 0, +-a, +-b and infinity, a b = 1: their transforms round less than those of whole
// numbers. At a point the sum over channels is a matrix product of the tiles with the kernels. A
// tile meets no other, so nothing depends on the batch or the threads.
#include <ATen/Parallel.h>

#include <algorithm>
#include <numbers>
#include <vector>

#include "ops/cpu/kernels.h"
#include "ops/cpu/small_product.h"
#include "ops/cpu/vector_math.h"

namespace svgen::ops::cpu {
namespace {

constexpr int64_t kTile = 4, kReach = 6, kPoints = kReach * kReach;
constexpr int64_t kPanel = 2 * kLanes;  // output channels of a turn
constexpr int64_t kTilesOfATask = 24;   // their inputs and results at all points stay in the cache
// A small image is cut by output channels, too, or a few threads would have all of it.
constexpr int64_t kFewTasks = 8, kChannelsOfATask = 4 * kPanel;

// With a = sqrt(1/2) and b = sqrt(2), the polynomial of all finite points is x^5 - 5/2 x^3 + x.
constexpr float kB = std::numbers::sqrt2_v<float>, kA = kB / 2;

constexpr auto transform_inputs = [](const Floats* d, Floats* v) SVGEN_LAMBDA {
  const Floats even = d[4] - 2.0f * d[2], odd = kA * (d[3] - 2.0f * d[1]);
  const Floats far_even = d[4] - 0.5f * d[2], far_odd = kB * (d[3] - 0.5f * d[1]);
  v[0] = d[0] - 2.5f * d[2] + d[4];
  v[1] = even + odd;
  v[2] = even - odd;
  v[3] = far_even + far_odd;
  v[4] = far_even - far_odd;
  v[5] = d[1] - 2.5f * d[3] + d[5];
};

constexpr auto transform_kernel = [](const Floats* g, Floats* u) SVGEN_LAMBDA {
  const Floats even = (g[0] + 0.5f * g[2]) * (-2.0f / 3), odd = g[1] * (-2.0f / 3 * kA);
  const Floats far_even = (g[0] + 2.0f * g[2]) * (1.0f / 6), far_odd = g[1] * (1.0f / 6 * kB);
  u[0] = g[0];
  u[1] = even + odd;
  u[2] = even - odd;
  u[3] = far_even + far_odd;
  u[4] = far_even - far_odd;
  u[5] = g[2];
};

constexpr auto transform_results = [](const Floats* m, Floats* y) SVGEN_LAMBDA {
  const Floats even = m[1] + m[2], odd = kA * (m[1] - m[2]);
  const Floats far_even = m[3] + m[4], far_odd = kB * (m[3] - m[4]);
  y[0] = m[0] + even + far_even;
  y[1] = odd + far_odd;
  y[2] = 0.5f * even + 2.0f * far_even;
  y[3] = 0.5f * odd + 2.0f * far_odd + m[5];
};

// A transform of From values to To, along the columns of a square and then along its rows.
template <int From, int To, typename Transform>
SVGEN_INLINE void in_both_directions(const Transform& transform, const Floats* from, Floats* to) {
  Floats column[From], turned[To][From];
  SVGEN_UNROLL for (int x = 0; x < From; ++x) {
    SVGEN_UNROLL for (int y = 0; y < From; ++y) column[y] = from[y * From + x];
    Floats result[To];
    transform(column, result);
    SVGEN_UNROLL for (int y = 0; y < To; ++y) turned[y][x] = result[y];
  }
  SVGEN_UNROLL for (int64_t y = 0; y < To; ++y) transform(turned[y], to + y * To);
}

// One input channel's kernels for a panel of output channels, `step` from one tap to the next.
template <typename W>
SVGEN_INLINE void transform_panel_row(const W* w, int64_t step, int64_t count, float* u,
                                      int64_t point_stride) {
  for (int64_t c = 0; c < kPanel; c += kLanes) {
    Floats g[9], points[kPoints];
    SVGEN_UNROLL for (int tap = 0; tap < 9; ++tap) g[tap] =
        count > c ? load(w + tap * step + c, count - c) : Floats{};
    in_both_directions<3, kReach>(transform_kernel, g, points);
    SVGEN_UNROLL for (int p = 0; p < kPoints; ++p) store(u + p * point_stride + c, points[p]);
  }
}

// Rows of all panels: row r is input channel r % in of panel r / in.
template <typename W>
SVGEN_INLINE void transform_rows(const W* w, int64_t in, int64_t out, int64_t first, int64_t last,
                                 float* u, int64_t point_stride) {
  for (int64_t row = first; row < last; ++row) {
    const int64_t panel = row / in, channel = row % in;
    transform_panel_row(w + channel * out + panel * kPanel, in * out, out - panel * kPanel,
                        u + row * kPanel, point_stride);
  }
}

SVGEN_VECTOR_CLONES
void transform_kernels(const float* w, int64_t in, int64_t out, int64_t first, int64_t last,
                       float* u, int64_t point_stride) {
  transform_rows(w, in, out, first, last, u, point_stride);
}
SVGEN_VECTOR_CLONES
void transform_kernels(const Bfloat16* w, int64_t in, int64_t out, int64_t first, int64_t last,
                       float* u, int64_t point_stride) {
  transform_rows(w, in, out, first, last, u, point_stride);
}

// Rows of tiles at one point, and where the next point's begin: not at the same place of a page,
// or all points of a tile would fight for a few lines of the cache.
int64_t point_stride(int64_t channels) {
  return kTilesOfATask * channels + kLanes;
}

// Tiles [first, last) of one image, output channels [channel, channel + channels).
struct Task {
  const WinogradShape& shape;
  const float *x, *u, *bias, *added;
  const float* nothing;  // a pixel outside of the image
  float* y;
  int64_t first, last;
  int64_t channel, channels;

  int64_t tile_columns() const { return rounded_up(shape.width, kTile) / kTile; }

  const float* pixel(int64_t row, int64_t column) const {
    if (row < 0 || column < 0 || row >= shape.height || column >= shape.width) return nothing;
    if (shape.doubles) return x + (row / 2 * (shape.width / 2) + column / 2) * shape.in;
    return x + (row * shape.width + column) * shape.in;
  }
};

// v (36, tiles, in), in padded to whole vectors.
SVGEN_INLINE void gather(const Task& task, float* v) {
  const int64_t width = padded(task.shape.in), step = point_stride(width);
  for (int64_t tile = task.first; tile < task.last; ++tile, v += width) {
    const int64_t top = tile / task.tile_columns() * kTile - 1,
                  left = tile % task.tile_columns() * kTile - 1;
    const float* pixels[kPoints];
    for (int64_t y = 0; y < kReach; ++y)
      for (int64_t x = 0; x < kReach; ++x) pixels[y * kReach + x] = task.pixel(top + y, left + x);
    for (int64_t c = 0; c < task.shape.in; c += kLanes) {
      Floats d[kPoints], points[kPoints];
      for (int64_t i = 0; i < kPoints; ++i) d[i] = load(pixels[i] + c, task.shape.in - c);
      in_both_directions<kReach, kReach>(transform_inputs, d, points);
      SVGEN_UNROLL for (int p = 0; p < kPoints; ++p) store(v + p * step + c, points[p]);
    }
  }
}

// m (36, tiles, channels), channels padded to whole panels, to the results.
SVGEN_INLINE void scatter(const Task& task, const float* m) {
  const WinogradShape& shape = task.shape;
  const int64_t width = rounded_up(task.channels, kPanel), step = point_stride(width);
  for (int64_t tile = task.first; tile < task.last; ++tile, m += width) {
    const int64_t top = tile / task.tile_columns() * kTile,
                  left = tile % task.tile_columns() * kTile;
    const int64_t rows = std::min(kTile, shape.height - top),
                  columns = std::min(kTile, shape.width - left);
    for (int64_t c = 0; c < task.channels; c += kLanes) {
      Floats points[kPoints], results[kTile * kTile];
      SVGEN_UNROLL for (int p = 0; p < kPoints; ++p) points[p] = load(m + p * step + c);
      in_both_directions<kReach, kTile>(transform_results, points, results);
      const int64_t count = task.channels - c, channel = task.channel + c;
      const Floats bias = load(task.bias + channel, count);
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t column = 0; column < columns; ++column) {
          const int64_t at = ((top + row) * shape.width + left + column) * shape.out + channel;
          const Floats sum = results[row * kTile + column] + bias;
          store(task.y + at, task.added ? sum + load(task.added + at, count) : sum, count);
        }
    }
  }
}

template <int Rows>
SVGEN_INLINE void convolve(const Task& task, float* v, float* m) {
  gather(task, v);
  const int64_t in = task.shape.in, width = padded(in);
  const int64_t out = rounded_up(task.channels, kPanel), count = task.last - task.first;
  const int64_t all = rounded_up(task.shape.out, kPanel);
  for (int64_t p = 0; p < kPoints; ++p)
    // The rows of a last turn behind the tiles are there, and nobody reads their results.
    for (int64_t row = 0; row < count; row += Rows)
      for (int64_t channel = 0; channel < out; channel += kPanel)
        multiply<Rows, 2>(v + p * point_stride(width) + row * width, width,
                          task.u + (p * all + task.channel + channel) * in, kPanel, in,
                          m + p * point_stride(out) + row * out + channel, out);
  scatter(task, m);
}

SVGEN_VECTOR_CLONES
void run(const Task& task, float* v, float* m) {
  static_assert(kTilesOfATask % 12 == 0 && kTilesOfATask % 3 == 0);
  has_wide_registers() ? convolve<12>(task, v, m) : convolve<3>(task, v, m);
}

}  // namespace

int64_t winograd_kernels_size(int64_t in, int64_t out) {
  return kPoints * in * rounded_up(out, kPanel);
}

template <typename W>
void winograd_kernels(const W* w, int64_t in, int64_t out, float* u) {
  const int64_t rows = in * rounded_up(out, kPanel) / kPanel;
  at::parallel_for(0, rows, 64, [&](int64_t first, int64_t last) {
    transform_kernels(w, in, out, first, last, u, rows * kPanel);
  });
}

template void winograd_kernels(const float*, int64_t, int64_t, float*);
template void winograd_kernels(const Bfloat16*, int64_t, int64_t, float*);

void winograd_convolution(const float* x, const float* u, const float* bias, const float* added,
                          const WinogradShape& shape, float* y) {
  const int64_t tiles =
      rounded_up(shape.height, kTile) / kTile * (rounded_up(shape.width, kTile) / kTile);
  const int64_t chunks = rounded_up(tiles, kTilesOfATask) / kTilesOfATask;
  const int64_t channels = chunks < kFewTasks ? kChannelsOfATask : rounded_up(shape.out, kPanel);
  const int64_t parts = rounded_up(shape.out, channels) / channels;
  const int64_t inputs = shape.height * shape.width * shape.in / (shape.doubles ? 4 : 1);
  const int64_t results = shape.height * shape.width * shape.out;
  at::parallel_for(0, shape.images * chunks * parts, 1, [&](int64_t begin, int64_t end) {
    // Kept: memory that comes from the system for every convolution costs more than its transforms.
    thread_local std::vector<float> v, m;
    const auto grow = [](std::vector<float>& scratch, int64_t width) {
      scratch.resize(std::max<size_t>(scratch.size(), kPoints * point_stride(width)));
    };
    grow(v, padded(shape.in));
    grow(m, std::min(channels, rounded_up(shape.out, kPanel)));
    const std::vector<float> nothing(padded(shape.in));
    for (int64_t i = begin; i < end; ++i) {
      const int64_t part = i % parts, chunk = i / parts % chunks, image = i / parts / chunks;
      run({.shape = shape,
           .x = x + image * inputs,
           .u = u,
           .bias = bias,
           .added = added ? added + image * results : nullptr,
           .nothing = nothing.data(),
           .y = y + image * results,
           .first = chunk * kTilesOfATask,
           .last = std::min((chunk + 1) * kTilesOfATask, tiles),
           .channel = part * channels,
           .channels = std::min(channels, shape.out - part * channels)},
          v.data(), m.data());
    }
  });
}

}  // namespace svgen::ops::cpu
