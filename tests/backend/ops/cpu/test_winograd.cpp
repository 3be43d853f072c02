// SPDX-License-Identifier: MIT
// The host kernel of Winograd's method: single taps move the image, also in a batch.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "ops/cpu/kernels.h"

namespace svgen::ops::cpu {
namespace {

// A kernel of one tap moves the image by it and fills the border with zeros.
TEST(WinogradKernel, MovesAnImageByATap) {
  constexpr int64_t kHeight = 9, kWidth = 6, kChannels = 17, kImages = 2;
  constexpr int64_t kCount = kImages * kHeight * kWidth * kChannels;
  std::vector<float> x(kCount), y(kCount), u(winograd_kernels_size(kChannels, kChannels));
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
  const std::vector<float> bias(kChannels);
  const auto at = [&](int64_t image, int64_t row, int64_t column, int64_t channel) {
    if (row < 0 || column < 0 || row >= kHeight || column >= kWidth) return 0.0f;
    return x[((image * kHeight + row) * kWidth + column) * kChannels + channel];
  };
  for (int64_t tap = 0; tap < 9; ++tap) {
    std::vector<float> w(9 * kChannels * kChannels);
    for (int64_t c = 0; c < kChannels; ++c) w[(tap * kChannels + c) * kChannels + c] = 1;
    winograd_kernels(w.data(), kChannels, kChannels, u.data());
    winograd_convolution(x.data(), u.data(), bias.data(), nullptr,
                         {kImages, kHeight, kWidth, kChannels, kChannels, false}, y.data());
    for (int64_t i = 0; i < kCount; ++i) {
      const int64_t channel = i % kChannels, column = i / kChannels % kWidth,
                    row = i / kChannels / kWidth % kHeight,
                    image = i / kChannels / kWidth / kHeight;
      ASSERT_NEAR(y[i], at(image, row + tap / 3 - 1, column + tap % 3 - 1, channel), 5e-6)
          << "tap " << tap << " at " << row << ", " << column;
    }
  }
}

}  // namespace
}  // namespace svgen::ops::cpu
