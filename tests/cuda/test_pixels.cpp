// SPDX-License-Identifier: MIT
// Pixels on the device against the host's formulas, for every packing, bit by bit.
#include <algorithm>
#include <cmath>
#include <vector>

#include "cuda/device.h"

namespace svgen::ops::cuda {
namespace {

constexpr int64_t kHeight = 3, kWidth = 131;
constexpr size_t kValues = 3 * kHeight * kWidth;

// Where the three channels of a picture lie in its bytes.
struct Packing {
  const char* name;
  int64_t plane[3];
  int64_t row, pixel, bytes;

  int64_t at(int64_t c, int64_t y, int64_t x) const { return plane[c] + y * row + x * pixel; }
  template <typename Byte>
  PixelBytes<Byte> of(Byte* data) const {
    return {{data + plane[0], data + plane[1], data + plane[2]}, row, pixel};
  }
};

const Packing kPackings[] = {
    {"rgb", {0, 1, 2}, 3 * kWidth, 3, 3 * kHeight* kWidth},
    {"padded_bgrx", {2, 1, 0}, 4 * kWidth + 12, 4, kHeight*(4 * kWidth + 12)},
    {"planar",
     {0, kHeight*(kWidth + 5), 2 * kHeight*(kWidth + 5)},
     kWidth + 5,
     1,
     3 * kHeight*(kWidth + 5)},
};

// Channels first, and channels last.
template <typename T>
PixelNumbers<T> numbers(T* data, bool last) {
  return last ? PixelNumbers<T>{data, 1, 3 * kWidth, 3}
              : PixelNumbers<T>{data, kHeight * kWidth, kWidth, 1};
}

template <typename Work>
void for_each_value(const Work& work) {
  for (int64_t c = 0; c < 3; ++c)
    for (int64_t y = 0; y < kHeight; ++y)
      for (int64_t x = 0; x < kWidth; ++x) work(c, y, x);
}

template <typename T>
size_t index(bool last, int64_t c, int64_t y, int64_t x) {
  const auto layout = numbers<T>(nullptr, last);
  return static_cast<size_t>(c * layout.channel + y * layout.row + x * layout.pixel);
}

class CudaPixelTest : public DeviceTest, public testing::WithParamInterface<Packing> {};

constexpr LevelMap kMaps[] = {
    {255.0f, {0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}},
    {127.5f, {1, 1, 1}, {1, 1, 1}},
};

template <typename T>
void expect_read(const Packing& packing, const LevelMap& map, bool last) {
  std::vector<uint8_t> bytes(static_cast<size_t>(packing.bytes));
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 89 % 256);
  const DeviceArray<uint8_t> from(bytes);
  const DeviceArray<T> to(kValues);
  check(read_levels(packing.of<const uint8_t>(from.data()), numbers(to.data(), last),
                    {kHeight, kWidth}, map, nullptr));
  const std::vector<T> found = to.host();
  for_each_value([&](int64_t c, int64_t y, int64_t x) {
    const auto level = static_cast<float>(bytes[static_cast<size_t>(packing.at(c, y, x))]);
    const T wanted = rounded<T>((level / map.divisor - map.mean[c]) / map.deviation[c]);
    EXPECT_EQ(found[index<T>(last, c, y, x)], wanted) << "level " << level;
  });
}

TEST_P(CudaPixelTest, BecomeNumbers) {
  for (const LevelMap& map : kMaps)
    for (const bool last : {false, true}) {
      expect_read<float>(GetParam(), map, last);
      expect_read<Bfloat16>(GetParam(), map, last);
    }
}

uint8_t level_of(float x) {
  const float level = std::floor(255.0f * (x + 1.0f) / 2.0f + 0.5f);
  return level > 0 ? static_cast<uint8_t>(std::min(level, 255.0f)) : uint8_t{0};
}

template <typename T>
void expect_written(const Packing& packing, bool last) {
  std::vector<T> x = scattered<T>(kValues, 0.1);
  x[0] = rounded<T>(NAN);
  x[1] = rounded<T>(1e30f);
  x[2] = rounded<T>(-1e30f);
  const DeviceArray<T> from(x);
  std::vector<uint8_t> wanted(static_cast<size_t>(packing.bytes), 77);
  const DeviceArray<uint8_t> to(wanted);
  check(write_levels(numbers<const T>(from.data(), last), packing.of(to.data()), {kHeight, kWidth},
                     nullptr));
  for_each_value([&](int64_t c, int64_t y, int64_t column) {
    wanted[static_cast<size_t>(packing.at(c, y, column))] =
        level_of(to_float(x[index<T>(last, c, y, column)]));
  });
  EXPECT_EQ(to.host(), wanted);
}

TEST_P(CudaPixelTest, ComeFromNumbersAndNothingElseIsWritten) {
  for (const bool last : {false, true}) {
    expect_written<float>(GetParam(), last);
    expect_written<Bfloat16>(GetParam(), last);
  }
}

INSTANTIATE_TEST_SUITE_P(All, CudaPixelTest, testing::ValuesIn(kPackings),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace svgen::ops::cuda
