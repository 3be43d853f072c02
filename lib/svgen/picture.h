// SPDX-License-Identifier: MIT
// An owned 8-bit RGB picture.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "svgen/image.h"

namespace svgen {

/// Holds tightly packed RGB rows.
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

/// Returns a view on the same pixels from right to left, which mirrors the picture.
template <typename Byte>
BasicImageView<Byte> mirrored(BasicImageView<Byte> view) {
  for (Byte*& plane : view.planes) plane += (view.width - 1) * view.pixel_stride;
  view.pixel_stride = -view.pixel_stride;
  return view;
}

/// Returns a view that shows the picture as EXIF's orientation says that it is to be seen (1: as
/// stored, 2 to 8 turned and mirrored; whatever else counts as 1).
template <typename Byte>
BasicImageView<Byte> oriented(BasicImageView<Byte> view, int orientation) {
  struct Turn {
    bool transposes, mirrors, flips;
  };
  constexpr Turn kTurns[] = {{false, false, false}, {false, true, false}, {false, true, true},
                             {false, false, true},  {true, false, false}, {true, true, false},
                             {true, true, true},    {true, false, true}};
  const Turn& turn = kTurns[orientation < 1 || orientation > 8 ? 0 : orientation - 1];
  if (turn.transposes) {
    std::swap(view.width, view.height);
    std::swap(view.row_stride, view.pixel_stride);
  }
  if (turn.mirrors) view = mirrored(view);
  if (turn.flips) {
    for (Byte*& plane : view.planes) plane += (view.height - 1) * view.row_stride;
    view.row_stride = -view.row_stride;
  }
  return view;
}

}  // namespace svgen
