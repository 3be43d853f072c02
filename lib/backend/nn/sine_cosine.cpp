// SPDX-License-Identifier: MIT
// The fixed sine-cosine features.
#include "nn/sine_cosine.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/sin.h>

#include <cmath>

#include "svgen/error.h"

namespace svgen::nn {
namespace {

constexpr double kLongestPeriod = 10000;  // over 2 pi

}  // namespace

at::Tensor position_table(int64_t height, int64_t width, int64_t channels) {
  if (channels < 4 || channels % 4 != 0)
    throw ShapeError("the position table needs a width that is a positive multiple of 4",
                     {.expected = "a multiple of 4", .found = std::to_string(channels)});
  const int64_t frequencies = channels / 4;
  at::Tensor table = at::empty({1, height * width, channels}, at::kFloat);  // (1, T, D)
  float* values = table.mutable_data_ptr<float>();
  for (int64_t row = 0; row < height; ++row)
    for (int64_t column = 0; column < width; ++column)
      for (const int64_t position : {column, row}) {
        for (int64_t k = 0; k < frequencies; ++k, ++values) {
          const double share = static_cast<double>(k) / static_cast<double>(frequencies);
          const double angle = static_cast<double>(position) * std::pow(kLongestPeriod, -share);
          values[0] = static_cast<float>(std::sin(angle));
          values[frequencies] = static_cast<float>(std::cos(angle));
        }
        values += frequencies;
      }
  return table;
}

at::Tensor time_features(const at::Tensor& t, int64_t size) {
  const int64_t half = size / 2;
  const double slope = -std::log(kLongestPeriod) / static_cast<double>(half);
  const at::Tensor k = at::arange(half, t.options().dtype(at::kFloat));   // (size/2)
  const at::Tensor frequencies = at::exp(k * slope);                      // (size/2)
  const at::Tensor angles = t.to(at::kFloat).unsqueeze(1) * frequencies;  // (N, size/2)
  return at::cat({at::cos(angles), at::sin(angles)}, 1);                  // (N, size)
}

}  // namespace svgen::nn
