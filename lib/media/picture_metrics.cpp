// SPDX-License-Identifier: MIT
// Comparing pictures.
#include "media/picture_metrics.h"

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "svgen/error.h"

namespace svgen {
namespace {

constexpr int64_t kRadius = 5, kWindow = 2 * kRadius + 1;
constexpr double kDeviation = 1.5, kPeak = 255;
constexpr double kC1 = (0.01 * kPeak) * (0.01 * kPeak), kC2 = (0.03 * kPeak) * (0.03 * kPeak);

void check(const ImageView& a, const ImageView& b, int64_t least) {
  const auto size = [](const ImageView& v) {
    return std::to_string(v.width) + "x" + std::to_string(v.height);
  };
  if (a.width == b.width && a.height == b.height && a.width >= least && a.height >= least) return;
  throw ShapeError("two pictures can only be compared when they have one size",
                   {.expected = "one size, " + std::to_string(least) + " pixels or more a side",
                    .found = size(a) + " and " + size(b),
                    .where = "pictures"});
}

std::array<double, kWindow> gaussian() {
  std::array<double, kWindow> weights{};
  double sum = 0;
  for (int64_t i = -kRadius; i <= kRadius; ++i)
    sum += weights[static_cast<size_t>(i + kRadius)] =
        std::exp(-0.5 * static_cast<double>(i * i) / (kDeviation * kDeviation));
  for (double& weight : weights) weight /= sum;
  return weights;
}

// A plane of numbers, row by row.
struct Plane {
  int64_t width, height;
  std::vector<double> values;

  double& at(int64_t x, int64_t y) { return values[static_cast<size_t>(y * width + x)]; }
  double at(int64_t x, int64_t y) const { return values[static_cast<size_t>(y * width + x)]; }
};

// The weighted mean of every window that fits: both sides shrink by 2 kRadius.
Plane window_means(const Plane& plane) {
  static const std::array<double, kWindow> weights = gaussian();
  Plane rows{plane.width - 2 * kRadius, plane.height, {}};
  rows.values.resize(static_cast<size_t>(rows.width * rows.height));
  for (int64_t y = 0; y < rows.height; ++y)
    for (int64_t x = 0; x < rows.width; ++x)
      for (int64_t i = 0; i < kWindow; ++i)
        rows.at(x, y) += weights[static_cast<size_t>(i)] * plane.at(x + i, y);
  Plane means{rows.width, rows.height - 2 * kRadius, {}};
  means.values.resize(static_cast<size_t>(means.width * means.height));
  for (int64_t y = 0; y < means.height; ++y)
    for (int64_t x = 0; x < means.width; ++x)
      for (int64_t i = 0; i < kWindow; ++i)
        means.at(x, y) += weights[static_cast<size_t>(i)] * rows.at(x, y + i);
  return means;
}

// Products of two channels, pixel by pixel.
Plane product(const ImageView& a, const ImageView& b, int channel, bool with_b) {
  Plane plane{a.width, a.height, {}};
  plane.values.resize(static_cast<size_t>(a.width * a.height));
  for (int64_t y = 0; y < a.height; ++y)
    for (int64_t x = 0; x < a.width; ++x)
      plane.at(x, y) = static_cast<double>(a.row(channel, y)[x * a.pixel_stride]) *
                       (with_b ? b.row(channel, y)[x * b.pixel_stride] : 1);
  return plane;
}

double channel_similarity(const ImageView& a, const ImageView& b, int channel) {
  const Plane mean_a = window_means(product(a, a, channel, false));
  const Plane mean_b = window_means(product(b, b, channel, false));
  const Plane aa = window_means(product(a, a, channel, true));
  const Plane bb = window_means(product(b, b, channel, true));
  const Plane ab = window_means(product(a, b, channel, true));
  double sum = 0;
  for (size_t i = 0; i < aa.values.size(); ++i) {
    const double ma = mean_a.values[i], mb = mean_b.values[i];
    const double va = aa.values[i] - ma * ma, vb = bb.values[i] - mb * mb;
    const double covariance = ab.values[i] - ma * mb;
    sum += (2 * ma * mb + kC1) * (2 * covariance + kC2) /
           ((ma * ma + mb * mb + kC1) * (va + vb + kC2));
  }
  return sum / static_cast<double>(aa.values.size());
}

}  // namespace

double mean_squared_error(const ImageView& a, const ImageView& b) {
  check(a, b, 1);
  double sum = 0;
  for (int channel = 0; channel < 3; ++channel)
    for (int64_t y = 0; y < a.height; ++y)
      for (int64_t x = 0; x < a.width; ++x) {
        const int d = a.row(channel, y)[x * a.pixel_stride] - b.row(channel, y)[x * b.pixel_stride];
        sum += d * d;
      }
  return sum / static_cast<double>(3 * a.width * a.height);
}

double psnr_of_error(double mean_squared_error) {
  if (mean_squared_error <= 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(kPeak * kPeak / mean_squared_error);
}

double structural_similarity(const ImageView& a, const ImageView& b) {
  check(a, b, kWindow);
  double sum = 0;
  for (int channel = 0; channel < 3; ++channel) sum += channel_similarity(a, b, channel);
  return sum / 3;
}

}  // namespace svgen
