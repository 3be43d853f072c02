// SPDX-License-Identifier: MIT
// Two passes over fixed-point kernels.
#include "media/resample.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "svgen/error.h"

namespace svgen {
namespace {

constexpr int kFractionBits = 22;
constexpr int32_t kHalf = 1 << (kFractionBits - 1);
constexpr int64_t kMaxSide = 1 << 24;

double box(double x) {
  return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
}

// Keys, "Cubic convolution interpolation for digital image processing", 1981.
double bicubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

struct FilterRow {
  ResampleFilter filter;
  double (*weight)(double);
  double support;
};

constexpr FilterRow kFilters[] = {
    {ResampleFilter::kBox, box, 0.5},
    {ResampleFilter::kBicubic, bicubic, 2.0},
};

// Says which input samples make each output sample, and with what weights.
struct Kernels {
  struct Window {
    int64_t first;
    int64_t count;
    size_t weights;  // where they begin
  };
  std::vector<Window> windows;
  std::vector<int32_t> weights;
};

int32_t fixed_point(double weight) {
  const double scaled = weight * (1 << kFractionBits);
  return static_cast<int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

// The kernels of output samples first ... first + count - 1.
Kernels make_kernels(int64_t in, int64_t out, const FilterRow& filter, int64_t first,
                     int64_t count) {
  Kernels kernels;
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double stretch = std::max(scale, 1.0);
  const double support = filter.support * stretch;
  const double shrink = 1.0 / stretch;
  std::vector<double> weights;
  for (int64_t i = first; i < first + count; ++i) {
    if (in == out) {  // an equal size is a copy, not a pass
      kernels.windows.push_back({i, 1, kernels.weights.size()});
      kernels.weights.push_back(1 << kFractionBits);
      continue;
    }
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const double from = centre - support + 0.5, to = centre + support + 0.5;
    const int64_t low = std::max<int64_t>(0, static_cast<int64_t>(from));
    const int64_t high = std::min(in, static_cast<int64_t>(to));
    weights.clear();
    double sum = 0.0;
    for (int64_t k = low; k < high; ++k) {
      weights.push_back(filter.weight((static_cast<double>(k) - centre + 0.5) * shrink));
      sum += weights.back();
    }
    kernels.windows.push_back({low, high - low, kernels.weights.size()});
    for (const double weight : weights)
      kernels.weights.push_back(fixed_point(sum == 0.0 ? weight : weight / sum));
  }
  return kernels;
}

uint8_t rounded(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

// One row of the first pass: packed RGB out.
void resample_row(const ImageView& source, int64_t y, const Kernels& columns, uint8_t* out) {
  const uint8_t* red = source.row(0, y);
  const ptrdiff_t green = source.row(1, y) - red, blue = source.row(2, y) - red;
  for (const Kernels::Window& window : columns.windows) {
    const int32_t* weights = &columns.weights[window.weights];
    const uint8_t* pixel = red + window.first * source.pixel_stride;
    int32_t r = kHalf, g = kHalf, b = kHalf;
    for (int64_t k = 0; k < window.count; ++k, pixel += source.pixel_stride) {
      r += weights[k] * pixel[0];
      g += weights[k] * pixel[green];
      b += weights[k] * pixel[blue];
    }
    *out++ = rounded(r);
    *out++ = rounded(g);
    *out++ = rounded(b);
  }
}

// The second pass's sums as pixels of row y.
void store_row(const std::vector<int32_t>& sums, const MutableImageView& out, int64_t y) {
  const int32_t* sum = sums.data();
  for (int64_t x = 0; x < out.width; ++x)
    for (int channel = 0; channel < 3; ++channel)
      out.row(channel, y)[x * out.pixel_stride] = rounded(*sum++);
}

void check(const ImageView& source, int64_t width, int64_t height, int64_t x, int64_t y,
           const MutableImageView& out) {
  const auto sane = [](int64_t side) { return side > 0 && side <= kMaxSide; };
  if (sane(source.width) && sane(source.height) && sane(width) && sane(height) && x >= 0 &&
      y >= 0 && out.width > 0 && out.height > 0 && x + out.width <= width &&
      y + out.height <= height)
    return;
  const auto size = [](int64_t w, int64_t h) {
    return std::to_string(w) + "x" + std::to_string(h);
  };
  throw ShapeError(
      "a picture cannot be resized like this: give positive sizes and a window inside",
      {.expected = "a window of " + size(width, height),
       .found = size(out.width, out.height) + " at " + std::to_string(x) + "," + std::to_string(y) +
                " of a picture of " + size(source.width, source.height),
       .where = "resample"});
}

template <typename Byte>
BasicImageView<Byte> transposed(BasicImageView<Byte> view) {
  std::swap(view.width, view.height);
  std::swap(view.row_stride, view.pixel_stride);
  return view;
}

bool columns_first(const ImageView& source, int64_t width, int64_t height) {
  const int64_t narrower = source.width - width, lower = source.height - height;
  return lower > std::max<int64_t>(0, 2 * narrower);
}

// The pass along rows, then the one along columns.
void resample_rows_first(const ImageView& source, int64_t width, int64_t height,
                         const FilterRow& filter, int64_t x, int64_t y,
                         const MutableImageView& out) {
  const Kernels columns = make_kernels(source.width, width, filter, x, out.width);
  const Kernels rows = make_kernels(source.height, height, filter, y, out.height);
  // Only the input rows that some output row needs go through the first pass.
  const int64_t top = rows.windows.front().first;
  const int64_t bottom = rows.windows.back().first + rows.windows.back().count;
  const size_t stride = static_cast<size_t>(out.width) * 3;
  std::vector<uint8_t> between(stride * static_cast<size_t>(bottom - top));
  for (int64_t i = top; i < bottom; ++i)
    resample_row(source, i, columns, &between[stride * static_cast<size_t>(i - top)]);
  std::vector<int32_t> sums(stride);
  for (int64_t i = 0; i < out.height; ++i) {
    const Kernels::Window& window = rows.windows[static_cast<size_t>(i)];
    std::fill(sums.begin(), sums.end(), kHalf);
    for (int64_t k = 0; k < window.count; ++k) {
      const int32_t weight = rows.weights[window.weights + static_cast<size_t>(k)];
      const uint8_t* line = &between[stride * static_cast<size_t>(window.first + k - top)];
      for (size_t j = 0; j < stride; ++j) sums[j] += weight * line[j];
    }
    store_row(sums, out, i);
  }
}

}  // namespace

void resample(const ImageView& source, int64_t width, int64_t height, ResampleFilter filter,
              int64_t x, int64_t y, const MutableImageView& out) {
  check(source, width, height, x, y, out);
  const FilterRow& row = *std::find_if(std::begin(kFilters), std::end(kFilters),
                                       [&](const FilterRow& r) { return r.filter == filter; });
  if (columns_first(source, width, height))
    resample_rows_first(transposed(source), height, width, row, y, x, transposed(out));
  else
    resample_rows_first(source, width, height, row, x, y, out);
}

}  // namespace svgen
