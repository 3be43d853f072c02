// SPDX-License-Identifier: MIT
// The row kernels at widths that are no multiple of a vector.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/cpu/kernels.h"

namespace svgen::ops::cpu {
namespace {

std::vector<float> numbers(int64_t count, float phase, float offset = 0) {
  std::vector<float> x(count);
  for (int64_t i = 0; i < count; ++i)
    x[i] = std::sin(phase + 1.3f * static_cast<float>(i)) + offset;
  return x;
}

TEST(RowKernels, NormaliseAndModulateEachImagesRows) {
  for (const int64_t width : {1, 15, 16, 17, 72}) {
    const TokenShape shape{2, 9, width};
    const int64_t rows = shape.images * shape.tokens;
    const auto x = numbers(rows * width, 0.2f, 50), shift = numbers(2 * width, 1),
               scale = numbers(2 * width, 2);
    std::vector<float> y(rows * width);
    modulated_layer_norm(x.data(), y.data(), shape, {shift.data(), width}, {scale.data(), width}, 1,
                         1e-3);
    for (int64_t row = 0; row < rows; ++row) {
      double mean = 0, variance = 0;
      for (int64_t i = 0; i < width; ++i) mean += x[row * width + i] / static_cast<double>(width);
      for (int64_t i = 0; i < width; ++i)
        variance += std::pow(x[row * width + i] - mean, 2) / static_cast<double>(width);
      const int64_t image = row / shape.tokens;
      for (int64_t i = 0; i < width; ++i) {
        const double normal = (x[row * width + i] - mean) / std::sqrt(variance + 1e-3);
        EXPECT_NEAR(y[row * width + i],
                    normal * (1 + scale[image * width + i]) + shift[image * width + i], 2e-4)
            << width;
      }
    }
  }
}

TEST(RowKernels, AddTheGatedBranch) {
  const TokenShape shape{2, 5, 19};
  const int64_t count = 2 * 5 * 19;
  const auto x = numbers(count, 0), branch = numbers(count, 3), gate = numbers(19, 4);
  std::vector<float> y(count);
  gated_sum(x.data(), branch.data(), y.data(), shape, {gate.data(), /*stride=*/0});
  for (int64_t i = 0; i < count; ++i) EXPECT_NEAR(y[i], x[i] + gate[i % 19] * branch[i], 1e-6);
}

}  // namespace
}  // namespace svgen::ops::cpu
