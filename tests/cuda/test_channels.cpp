// SPDX-License-Identifier: MIT
// What surrounds the device's convolutions, at numbers of channels and pixels that fill no pack,
// tile or block.
#include <vector>

#include "cuda/device.h"

namespace svgen::ops::cuda {
namespace {

constexpr int64_t kChannels[] = {1, 3, 8, 20, 32, 96, 512, 2056};

class CudaChannelsTest : public DeviceTest {};

template <typename T>
void expect_sum(int64_t pixels, int64_t channels, bool with_added) {
  const int64_t count = pixels * channels;
  const auto y = scattered<T>(count, 0.3), bias = scattered<T>(channels, 2),
             added = scattered<T>(count, 1);
  const DeviceArray<T> device_y(y), device_bias(bias), device_added(added);
  check(add_channels(device_y.data(), device_bias.data(),
                     with_added ? device_added.data() : nullptr, pixels, channels, nullptr));
  const std::vector<T> found = device_y.host();
  for (size_t i = 0; i < found.size(); ++i) {
    const double wanted = to_float(y[i]) + to_float(bias[i % static_cast<size_t>(channels)]) +
                          (with_added ? to_float(added[i]) : 0);
    ASSERT_NEAR(to_float(found[i]), wanted, tolerance<T>(wanted, 1e-6))
        << pixels << " pixels of " << channels << ", element " << i;
  }
}

TEST_F(CudaChannelsTest, AreAddedToEachPixel) {
  for (const int64_t channels : kChannels)
    for (const int64_t pixels : {1, 5, 131})
      for (const bool added : {false, true}) {
        expect_sum<float>(pixels, channels, added);
        expect_sum<Bfloat16>(pixels, channels, added);
      }
}

template <typename T>
void expect_doubled(const PictureShape& shape) {
  const auto x = scattered<T>(shape.images * shape.height * shape.width * shape.channels, 0.3);
  const DeviceArray<T> device_x(x), y(4 * x.size());
  check(double_size(device_x.data(), y.data(), shape, nullptr));
  const std::vector<T> found = y.host();
  size_t at = 0;
  for (int64_t n = 0; n < shape.images; ++n)
    for (int64_t i = 0; i < 2 * shape.height; ++i)
      for (int64_t j = 0; j < 2 * shape.width; ++j)
        for (int64_t c = 0; c < shape.channels; ++c, ++at) {
          const int64_t pixel = (n * shape.height + i / 2) * shape.width + j / 2;
          ASSERT_EQ(found[at], x[static_cast<size_t>(pixel * shape.channels + c)])
              << shape.channels << " channels, element " << at;
        }
}

TEST_F(CudaChannelsTest, KeepTheirValuesAtTwiceTheSize) {
  for (const int64_t channels : kChannels) {
    expect_doubled<float>({2, 3, 5, channels});
    expect_doubled<Bfloat16>({2, 3, 5, channels});
  }
}

}  // namespace
}  // namespace svgen::ops::cuda
