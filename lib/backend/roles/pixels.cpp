// SPDX-License-Identifier: MIT
// 8-bit pictures to the encoders' input and back from the decoder's output.
#include "roles/pixels.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "svgen/error.h"

namespace svgen::roles {
namespace {

constexpr float kImageNetMean[3] = {0.485f, 0.456f, 0.406f};
constexpr float kImageNetStd[3] = {0.229f, 0.224f, 0.225f};

std::string size_text(int64_t width, int64_t height) {
  return std::to_string(width) + "x" + std::to_string(height) + " pixels";
}

template <typename Byte>
bool has_pixels(const BasicImageView<Byte>& view) {
  return std::none_of(view.planes.begin(), view.planes.end(),
                      [](const Byte* plane) { return plane == nullptr; });
}

// What a level becomes: there are only 256 of them in each channel.
using LevelTable = std::array<std::array<float, 256>, 3>;

template <typename Convert>
LevelTable level_table(Convert convert) {
  LevelTable levels;
  for (int c = 0; c < 3; ++c)
    for (int level = 0; level < 256; ++level)
      levels[c][level] = convert(static_cast<float>(level), c);
  return levels;
}

// (N, 3, H, W) of images of one size.
at::Tensor converted(std::span<const ImageView> images, const LevelTable& table) {
  const int64_t width = images[0].width, height = images[0].height;
  const int64_t count = static_cast<int64_t>(images.size());
  at::Tensor pixels = at::empty({count, 3, height, width}, at::kFloat);
  float* out = pixels.mutable_data_ptr<float>();
  for (const ImageView& image : images) {
    for (int channel = 0; channel < 3; ++channel) {
      for (int64_t y = 0; y < height; ++y) {
        const uint8_t* in = image.row(channel, y);
        for (int64_t x = 0; x < width; ++x, in += image.pixel_stride) *out++ = table[channel][*in];
      }
    }
  }
  return pixels;
}

uint8_t level_of(float x) {
  const float level = std::floor(255.0f * (x + 1.0f) / 2.0f + 0.5f);
  return level > 0 ? static_cast<uint8_t>(std::min(level, 255.0f)) : uint8_t{0};
}

// The same on a device, so that a byte and not a float crosses the bus for each value.
at::Tensor device_levels(const at::Tensor& x) {
  return at::clamp((x + 1.0f) * 255.0f / 2.0f + 0.5f, 0.0f, 255.0f).floor().to(at::kByte);
}

template <typename Value, typename Convert>
void write_rows(const at::Tensor& x, const MutableImageView& picture, Convert convert) {
  const at::Tensor rows = x.contiguous();  // (3, H, W)
  const Value* value = rows.const_data_ptr<Value>();
  for (int channel = 0; channel < 3; ++channel) {
    for (int64_t y = 0; y < picture.height; ++y) {
      uint8_t* out = picture.row(channel, y);
      for (int64_t i = 0; i < picture.width; ++i, out += picture.pixel_stride) {
        *out = convert(*value++);
      }
    }
  }
}

}  // namespace

Grid token_grid(std::span<const ImageView> images, int64_t patch) {
  if (images.empty()) throw ShapeError("there is no image to encode: pass one at least");
  const int64_t width = images[0].width, height = images[0].height;
  for (const ImageView& image : images) {
    if (image.width == width && image.height == height && has_pixels(image)) continue;
    throw ShapeError("the images of a batch must have one size and pixels",
                     {size_text(width, height), size_text(image.width, image.height), "images"});
  }
  if (width <= 0 || height <= 0 || width % patch != 0 || height % patch != 0) {
    throw ShapeError("images must be a whole number of patches wide and high: scale or crop them",
                     {"multiples of " + std::to_string(patch), size_text(width, height), "images"});
  }
  return {height / patch, width / patch};
}

void check_pictures(std::span<const MutableImageView> pictures, const Grid& grid, int64_t patch) {
  const int64_t width = grid.width * patch, height = grid.height * patch;
  for (const MutableImageView& picture : pictures) {
    if (picture.width == width && picture.height == height && has_pixels(picture)) continue;
    throw ShapeError(
        "a picture does not have the size of what is decoded into it",
        {size_text(width, height), size_text(picture.width, picture.height), "pictures"});
  }
}

at::Tensor normalized_pixels(std::span<const ImageView> images) {
  static const LevelTable table = level_table(
      [](float level, int c) { return (level / 255.0f - kImageNetMean[c]) / kImageNetStd[c]; });
  return converted(images, table);
}

at::Tensor signed_pixels(std::span<const ImageView> images) {
  static const LevelTable table = level_table([](float level, int) { return level / 127.5f - 1; });
  return converted(images, table);
}

void write_levels(const at::Tensor& x, const MutableImageView& picture) {
  if (x.is_cpu()) return write_rows<float>(x, picture, level_of);
  write_rows<uint8_t>(device_levels(x).cpu(), picture, [](uint8_t level) { return level; });
}

}  // namespace svgen::roles
