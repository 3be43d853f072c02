// SPDX-License-Identifier: MIT
// An owned 8-bit RGB picture.
#pragma once

#include <cstdint>
#include <vector>

#include "svgen/image.h"

namespace svgen {

/// Tightly packed RGB rows.
struct Picture {
  int64_t width = 0;
  int64_t height = 0;
  std::vector<uint8_t> pixels;

  Picture() = default;
  Picture(int64_t w, int64_t h)
      : width(w), height(h), pixels(static_cast<size_t>(w) * static_cast<size_t>(h) * 3) {}

  ImageView view() const { return packed_rgb(pixels.data(), width, height); }
  MutableImageView mutable_view() { return packed_rgb(pixels.data(), width, height); }
};

/// The same pixels seen from right to left: reading or writing through it mirrors the picture.
template <typename Byte>
BasicImageView<Byte> mirrored(BasicImageView<Byte> view) {
  for (Byte*& plane : view.planes) plane += (view.width - 1) * view.pixel_stride;
  view.pixel_stride = -view.pixel_stride;
  return view;
}

}  // namespace svgen
