// SPDX-License-Identifier: MIT
// Views on 8-bit RGB pixels of any packing: RGB, BGRx and planar pictures are the same struct.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace svgen {

/// Channel c of pixel (y, x) is at planes[c] + y * row_stride + x * pixel_stride, c = R, G, B.
template <typename Byte>
struct BasicImageView {
  int64_t width = 0;
  int64_t height = 0;
  std::array<Byte*, 3> planes{};
  ptrdiff_t row_stride = 0;    // bytes
  ptrdiff_t pixel_stride = 0;  // bytes

  Byte* row(int channel, int64_t y) const { return planes[channel] + y * row_stride; }
};

using ImageView = BasicImageView<const uint8_t>;
using MutableImageView = BasicImageView<uint8_t>;

/// Returns a view on tightly packed RGB rows.
template <typename Byte>
BasicImageView<Byte> packed_rgb(Byte* data, int64_t width, int64_t height) {
  return {width, height, {data, data + 1, data + 2}, static_cast<ptrdiff_t>(width * 3), 3};
}

}  // namespace svgen
