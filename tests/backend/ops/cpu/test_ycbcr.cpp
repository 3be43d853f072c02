// SPDX-License-Identifier: MIT
// Y'CbCr to levels and back, against the equations in float64: sizes, sitings, layouts, colour
// spaces.
#include "ops/cpu/ycbcr.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "svgen/random.h"

namespace svgen::ops::cpu {
namespace {

// Largest difference of a rounded level from the exact one: 0.5 by rounding, 0.01 by float32.
constexpr double kExact = 0.5 + 0.01;
constexpr uint8_t kUntouched = 0x5a;

struct Case {
  const char* name;
  YcbcrCoding coding;
};

const Case kCodings[] = {
    {"bt601", {}},
    {"bt601full", {0.299, 0.114, 0, 255, 255}},
    {"bt709left", {0.2126, 0.0722, 16, 219, 224, true, false}},
    {"bt2020corner", {0.2627, 0.0593, 16, 219, 224, true, true}},
    {"bt709fulltop", {0.2126, 0.0722, 0, 255, 255, false, true}},
};

uint8_t noise(int64_t i) {
  return static_cast<uint8_t>(philox({static_cast<uint32_t>(i), 0, 0, 0}, {7, 7})[0] >> 24);
}

/// Owns a Y'CbCr picture whose rows are padded; fill() makes it noise.
class Memory {
 public:
  Memory(int64_t width, int64_t height, ptrdiff_t step, const YcbcrCoding& coding) {
    view.width = width;
    view.height = height;
    view.chroma_step = step;
    view.coding = coding;
    const int64_t samples = view.chroma_width(), rows = view.chroma_height();
    constexpr int64_t kPadding = 3;
    const int64_t luma_row = width + kPadding, chroma_row = samples * step + kPadding;
    view.row_strides = {luma_row, chroma_row, chroma_row};
    const int64_t first = height * luma_row, second = step == 2 ? 1 : rows * chroma_row;
    // The memory ends with the last sample, so that a sanitizer sees reads behind it.
    const int64_t planes = step == 2 ? 1 : 2;
    bytes.assign(static_cast<size_t>(first + planes * rows * chroma_row - kPadding), kUntouched);
    view.planes = {&bytes[0], &bytes[static_cast<size_t>(first)],
                   &bytes[static_cast<size_t>(first + second)]};
  }

  void fill() {
    int64_t next = 0;
    for_each_sample([&](int, uint8_t& sample) { sample = noise(next++); });
  }

  template <typename Visit>
  void for_each_sample(Visit visit) {
    for (int plane = 0; plane < 3; ++plane) {
      const int64_t rows = plane == 0 ? view.height : view.chroma_height();
      const int64_t columns = plane == 0 ? view.width : view.chroma_width();
      for (int64_t y = 0; y < rows; ++y)
        for (int64_t x = 0; x < columns; ++x) visit(plane, *at(plane, y, x));
    }
  }

  uint8_t* at(int plane, int64_t y, int64_t x) const {
    return view.row(plane, y) + x * (plane == 0 ? 1 : view.chroma_step);
  }
  YcbcrView reading() const {
    const auto& v = view;
    return {v.width,       v.height,      {v.planes[0], v.planes[1], v.planes[2]},
            v.row_strides, v.chroma_step, v.coding};
  }

  MutableYcbcrView view;
  std::vector<uint8_t> bytes;
};

// Returns the colour at (y, x) in samples, interpolated linearly and clamped at the borders.
double interpolated(const Memory& memory, int plane, double y, double x) {
  const auto clamped = [](double v, int64_t count) {
    return std::min(std::max(v, 0.0), static_cast<double>(count - 1));
  };
  y = clamped(y, memory.view.chroma_height());
  x = clamped(x, memory.view.chroma_width());
  double sum = 0;
  for (int64_t i = 0; i < memory.view.chroma_height(); ++i)
    for (int64_t j = 0; j < memory.view.chroma_width(); ++j)
      sum += *memory.at(plane, i, j) * std::max(0.0, 1 - std::abs(y - static_cast<double>(i))) *
             std::max(0.0, 1 - std::abs(x - static_cast<double>(j)));
  return sum;
}

std::array<double, 3> rgb_of(const Memory& memory, int64_t y, int64_t x) {
  const YcbcrCoding& k = memory.view.coding;
  const auto place = [](int64_t pixel, bool cosited) {
    return static_cast<double>(pixel) / 2 - (cosited ? 0 : 0.25);
  };
  const double luma = (*memory.at(0, y, x) - k.black) / static_cast<double>(k.luma_range);
  double chroma[2];
  for (int c = 0; c < 2; ++c)
    chroma[c] = (interpolated(memory, c + 1, place(y, k.at_top), place(x, k.at_left)) - 128) /
                k.chroma_range;
  const double red = luma + (2 - 2 * k.kr) * chroma[1], blue = luma + (2 - 2 * k.kb) * chroma[0];
  const double green = (luma - k.kr * red - k.kb * blue) / (1 - k.kr - k.kb);
  std::array<double, 3> levels{red, green, blue};
  for (double& level : levels) level = std::min(std::max(255 * level, 0.0), 255.0);
  return levels;
}

class Ycbcr : public ::testing::TestWithParam<Case> {
 protected:
  // Runs a test on sizes below, at and above a vector, odd and even, in both layouts.
  template <typename Test>
  void for_each_layout(Test test) {
    for (const auto& [width, height] :
         {std::pair{1, 1}, {2, 2}, {3, 5}, {16, 4}, {31, 3}, {32, 3}, {33, 4}, {70, 7}}) {
      for (const ptrdiff_t step : {1, 2}) {
        SCOPED_TRACE(std::to_string(width) + "x" + std::to_string(height) + ", step " +
                     std::to_string(step));
        Memory memory(width, height, step, GetParam().coding);
        test(memory);
      }
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Codings, Ycbcr, ::testing::ValuesIn(kCodings),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(Ycbcr, IsReadAsTheEquationsSay) {
  for_each_layout([](Memory& memory) {
    memory.fill();
    YcbcrReader reader(memory.reading());
    for (int64_t y = 0; y < memory.view.height; ++y) {
      const RgbRow row = reader.row(y);
      for (int64_t x = 0; x < memory.view.width; ++x) {
        const std::array<double, 3> expected = rgb_of(memory, y, x);
        for (int c = 0; c < 3; ++c) ASSERT_NEAR(row[c][x], expected[c], kExact) << y << " " << x;
      }
    }
  });
}

TEST_P(Ycbcr, IsWrittenAsTheEquationsSay) {
  for_each_layout([](Memory& memory) {
    const int64_t width = memory.view.width, height = memory.view.height;
    std::vector<uint8_t> rgb(static_cast<size_t>(3 * width * height));
    for (size_t i = 0; i < rgb.size(); ++i) rgb[i] = noise(static_cast<int64_t>(i));
    const auto row_of = [&](int64_t y) {
      const uint8_t* first = rgb.data() + std::min(y, height - 1) * width;
      return RgbRow{first, first + width * height, first + 2 * width * height};
    };
    YcbcrWriter writer(memory.view);
    for (int64_t y = 0; y < height; y += 2) writer.write_pair(y / 2, row_of(y), row_of(y + 1));

    const YcbcrCoding& k = memory.view.coding;
    // Y', Cb, Cr levels of the mean R', G', B' of pixels in [y, y + size) x [x, x + size).
    const auto expected = [&](int64_t y, int64_t x, int64_t size) {
      double mean[3] = {}, count = 0;
      for (int64_t i = y; i < std::min(y + size, height); ++i)
        for (int64_t j = x; j < std::min(x + size, width); ++j, ++count)
          for (int c = 0; c < 3; ++c) mean[c] += row_of(i)[c][j] / 255.0;
      for (double& value : mean) value /= count;
      const double luma = k.kr * mean[0] + (1 - k.kr - k.kb) * mean[1] + k.kb * mean[2];
      return std::array<double, 3>{
          k.black + k.luma_range * luma,
          std::min(255.0, 128 + k.chroma_range * (mean[2] - luma) / (2 - 2 * k.kb)),
          std::min(255.0, 128 + k.chroma_range * (mean[0] - luma) / (2 - 2 * k.kr))};
    };
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x)
        ASSERT_NEAR(*memory.at(0, y, x), expected(y, x, 1)[0], kExact) << y << " " << x;
    for (int64_t y = 0; y < memory.view.chroma_height(); ++y)
      for (int64_t x = 0; x < memory.view.chroma_width(); ++x)
        for (int plane = 1; plane < 3; ++plane)
          ASSERT_NEAR(*memory.at(plane, y, x), expected(2 * y, 2 * x, 2)[plane], kExact)
              << y << " " << x;
  });
}

TEST_P(Ycbcr, WritingLeavesThePaddingAlone) {
  for_each_layout([](Memory& memory) {
    const std::vector<uint8_t> levels(static_cast<size_t>(memory.view.width), 200);
    const RgbRow row{levels.data(), levels.data(), levels.data()};
    YcbcrWriter writer(memory.view);
    for (int64_t pair = 0; pair < memory.view.chroma_height(); ++pair)
      writer.write_pair(pair, row, row);
    // The picture's samples are set back; then nothing may differ.
    memory.for_each_sample([](int plane, uint8_t& sample) {
      EXPECT_TRUE(plane == 0 || sample == 128);
      sample = kUntouched;
    });
    EXPECT_EQ(memory.bytes, std::vector<uint8_t>(memory.bytes.size(), kUntouched));
  });
}

TEST_P(Ycbcr, GreyStaysGrey) {
  for (int level = 0; level < 256; ++level) {
    Memory memory(2, 2, 1, GetParam().coding);
    const std::array<uint8_t, 2> levels{static_cast<uint8_t>(level), static_cast<uint8_t>(level)};
    const RgbRow row{levels.data(), levels.data(), levels.data()};
    YcbcrWriter(memory.view).write_pair(0, row, row);
    YcbcrReader reader(memory.reading());
    const RgbRow back = reader.row(1);
    EXPECT_NEAR(back[0][1], level, 1);
    EXPECT_EQ(back[0][1], back[1][1]);
    EXPECT_EQ(back[2][1], back[1][1]);
  }
}

TEST(Levels, RoundAndClamp) {
  for (const int64_t count : {1, 15, 16, 17, 40}) {
    std::vector<float> x(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) x[i] = -1.1f + 2.2f * static_cast<float>(noise(i)) / 255;
    x.back() = std::numeric_limits<float>::quiet_NaN();
    std::vector<uint8_t> found(x.size() + 1, kUntouched);
    levels(x.data(), found.data(), count);
    for (size_t i = 0; i + 1 < x.size(); ++i) {
      const float level = std::floor(255.0f * (x[i] + 1.0f) / 2.0f + 0.5f);
      EXPECT_EQ(found[i], std::min(std::max(level, 0.0f), 255.0f)) << x[i];
    }
    EXPECT_EQ(found[x.size() - 1], 0);
    EXPECT_EQ(found.back(), kUntouched);
  }
}

}  // namespace
}  // namespace svgen::ops::cpu
