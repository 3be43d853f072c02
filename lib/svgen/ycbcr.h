// SPDX-License-Identifier: MIT
// Views on 8-bit Y'CbCr pictures that store colour once for two by two pixels (4:2:0).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace svgen {

/// Says what the levels mean. With R', G', B' from 0 to 1 (ITU-R BT.601, BT.709, BT.2020):
///   Y' = kr R' + (1 - kr - kb) G' + kb B'
///   Cb = (B' - Y') / (2 - 2 kb), Cr = (R' - Y') / (2 - 2 kr), from -1/2 to 1/2
/// and the levels are black + luma_range Y' and 128 + chroma_range C. The default is BT.601 in the
/// limited range.
struct YcbcrCoding {
  double kr = 0.299, kb = 0.114;
  int black = 16, luma_range = 219, chroma_range = 224;
  // A colour sample lies on the left (upper) two of its pixels, or else midway between them and the
  // right (lower) two.
  bool at_left = false, at_top = false;

  friend bool operator==(const YcbcrCoding&, const YcbcrCoding&) = default;
};

/// Plane 0 is Y', one level for each pixel. Planes 1 and 2 are Cb and Cr: sample (y, x), for the
/// pixels (2y, 2x) to (2y + 1, 2x + 1) as far as there are such, is at row(c, y) + x * chroma_step.
template <typename Byte>
struct BasicYcbcrView {
  int64_t width = 0;  // pixels, odd ones too
  int64_t height = 0;
  std::array<Byte*, 3> planes{};
  std::array<ptrdiff_t, 3> row_strides{};  // bytes
  ptrdiff_t chroma_step = 1;               // bytes; 1, or 2 where Cb and Cr alternate
  YcbcrCoding coding;

  Byte* row(int plane, int64_t y) const { return planes[plane] + y * row_strides[plane]; }
  int64_t chroma_width() const { return (width + 1) / 2; }
  int64_t chroma_height() const { return (height + 1) / 2; }
};

using YcbcrView = BasicYcbcrView<const uint8_t>;
using MutableYcbcrView = BasicYcbcrView<uint8_t>;

}  // namespace svgen
