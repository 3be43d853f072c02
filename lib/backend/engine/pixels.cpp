// SPDX-License-Identifier: MIT
// 8-bit pictures to the encoders' input and back from the decoder's output.
#include "engine/pixels.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "ops/cpu/ycbcr.h"
#include "ops/device.h"
#include "svgen/error.h"

namespace svgen::engine {
namespace {

using ops::cpu::RgbRow;

std::string size_text(int64_t width, int64_t height) {
  return std::to_string(width) + "x" + std::to_string(height) + " pixels";
}

template <typename View>
bool has_pixels(const View& view) {
  return std::none_of(
      view.planes.begin(), view.planes.end(),
      [](const uint8_t* plane) { return plane == nullptr; });
}

template <typename View>
Grid grid_of(std::span<const View> images, int64_t patch) {
  if (images.empty()) throw ShapeError("there is no image to encode: pass one at least");
  const int64_t width = images[0].width, height = images[0].height;
  for (const View& image : images) {
    if (image.width == width && image.height == height && has_pixels(image)) continue;
    throw ShapeError("the images of a batch must have one size and pixels",
                     {.expected = size_text(width, height),
                      .found = size_text(image.width, image.height),
                      .where = "images"});
  }
  if (width <= 0 || height <= 0 || width % patch != 0 || height % patch != 0) {
    throw ShapeError("images must be a whole number of patches wide and high: scale or crop them",
                     {.expected = "multiples of " + std::to_string(patch),
                      .found = size_text(width, height),
                      .where = "images"});
  }
  return {height / patch, width / patch};
}

template <typename View>
void check_each(std::span<const View> pictures, const Grid& grid, int64_t patch) {
  const int64_t width = grid.width * patch, height = grid.height * patch;
  for (const View& picture : pictures) {
    if (picture.width == width && picture.height == height && has_pixels(picture)) continue;
    throw ShapeError("a picture does not have the size of what is decoded into it",
                     {.expected = size_text(width, height),
                      .found = size_text(picture.width, picture.height),
                      .where = "pictures"});
  }
}

// Maps each level of each channel to its value: there are only 256 of them.
using LevelTable = std::array<std::array<float, 256>, 3>;

template <typename Convert>
LevelTable level_table(Convert convert) {
  LevelTable levels;
  for (int c = 0; c < 3; ++c)
    for (int level = 0; level < 256; ++level)
      levels[c][level] = convert(static_cast<float>(level), c);
  return levels;
}

// Calls take(y, row, step) for each row of pixels; the levels in it are `step` bytes apart.
template <typename Take>
void for_each_row(const ImageView& image, Take take) {
  for (int64_t y = 0; y < image.height; ++y)
    take(y, RgbRow{image.row(0, y), image.row(1, y), image.row(2, y)}, image.pixel_stride);
}

template <typename Take>
void for_each_row(const YcbcrView& image, Take take) {
  ops::cpu::YcbcrReader reader(image);
  for (int64_t y = 0; y < image.height; ++y) take(y, reader.row(y), ptrdiff_t{1});
}

// (N, 3, H, W) of images of one size.
template <typename View>
at::Tensor converted(std::span<const View> images, const LevelTable& table) {
  const int64_t width = images[0].width, height = images[0].height;
  const int64_t count = static_cast<int64_t>(images.size());
  at::Tensor pixels = at::empty({count, 3, height, width}, at::kFloat);
  float* planes = pixels.mutable_data_ptr<float>();
  for (const View& image : images) {
    for_each_row(image, [&](int64_t y, const RgbRow& row, ptrdiff_t step) {
      for (int channel = 0; channel < 3; ++channel) {
        float* out = planes + (channel * height + y) * width;
        const uint8_t* in = row[channel];
        for (int64_t x = 0; x < width; ++x, in += step) out[x] = table[channel][*in];
      }
    });
    planes += 3 * height * width;
  }
  return pixels;
}

LevelTable normalized_levels(const models::PixelScale& scale) {
  return level_table(
      [&](float level, int c) { return (level / 255.0f - scale.mean[c]) / scale.std[c]; });
}

// Computes the levels on a device, so that a byte and not a float crosses the bus for each value.
at::Tensor device_levels(const at::Tensor& x) {
  if constexpr (ops::device::kPresent)
    if (ops::device::takes(x)) return ops::device::levels(x);
  return at::clamp((x + 1.0f) * 255.0f / 2.0f + 0.5f, 0.0f, 255.0f).floor().to(at::kByte);
}

// The levels of numbers (3, H, W), row by row.
class LevelRows {
 public:
  explicit LevelRows(const at::Tensor& x)
      : x_((x.is_cpu() ? x : device_levels(x).cpu()).contiguous()),
        height_(x.size(1)),
        width_(x.size(2)),
        levels_(static_cast<size_t>(2 * (3 * width_))) {}

  // Returns a row that stays valid until the row after the next one is asked for.
  RgbRow row(int64_t y) {
    RgbRow row;
    for (int64_t channel = 0; channel < 3; ++channel) {
      const int64_t first = (channel * height_ + y) * width_;
      if (x_.scalar_type() == at::kByte) {
        row[channel] = x_.const_data_ptr<uint8_t>() + first;
        continue;
      }
      uint8_t* levels = levels_.data() + (y % 2 * 3 + channel) * width_;
      ops::cpu::levels(x_.const_data_ptr<float>() + first, levels, width_);
      row[channel] = levels;
    }
    return row;
  }

 private:
  at::Tensor x_;
  int64_t height_, width_;
  std::vector<uint8_t> levels_;
};

}  // namespace

Grid token_grid(std::span<const ImageView> images, int64_t patch) {
  return grid_of(images, patch);
}

Grid token_grid(std::span<const YcbcrView> images, int64_t patch) {
  return grid_of(images, patch);
}

void check_pictures(std::span<const MutableImageView> pictures, const Grid& grid, int64_t patch) {
  check_each(pictures, grid, patch);
}

void check_pictures(std::span<const MutableYcbcrView> pictures, const Grid& grid, int64_t patch) {
  check_each(pictures, grid, patch);
}

at::Tensor normalized_pixels(std::span<const ImageView> images, const models::PixelScale& scale) {
  return converted(images, normalized_levels(scale));
}

at::Tensor normalized_pixels(std::span<const YcbcrView> images, const models::PixelScale& scale) {
  return converted(images, normalized_levels(scale));
}

at::Tensor signed_pixels(std::span<const ImageView> images) {
  static const LevelTable table = level_table([](float level, int) { return level / 127.5f - 1; });
  return converted(images, table);
}

void write_levels(const at::Tensor& x, const MutableImageView& picture) {
  LevelRows rows(x);
  for (int64_t y = 0; y < picture.height; ++y) {
    const RgbRow row = rows.row(y);
    for (int channel = 0; channel < 3; ++channel) {
      uint8_t* out = picture.row(channel, y);
      for (int64_t i = 0; i < picture.width; ++i, out += picture.pixel_stride)
        *out = row[channel][i];
    }
  }
}

void write_levels(const at::Tensor& x, const MutableYcbcrView& picture) {
  LevelRows rows(x);
  ops::cpu::YcbcrWriter writer(picture);
  for (int64_t y = 0; y < picture.height; y += 2) {
    const RgbRow upper = rows.row(y);
    writer.write_pair(y / 2, upper, y + 1 < picture.height ? rows.row(y + 1) : upper);
  }
}

}  // namespace svgen::engine
