// SPDX-License-Identifier: MIT
// A contact sheet: pictures of one size in rows and columns.
#pragma once

#include <utility>
#include <vector>

#include "svgen/picture.h"

namespace svgen::train {

class Sheet {
 public:
  Sheet(int64_t count, int64_t columns, int64_t width, int64_t height)
      : picture_(columns * width, (count + columns - 1) / columns * height) {
    for (int64_t i = 0; i < count; ++i) {
      MutableImageView cell = picture_.mutable_view();
      const ptrdiff_t offset =
          i / columns * height * cell.row_stride + i % columns * width * cell.pixel_stride;
      for (uint8_t*& plane : cell.planes) plane += offset;
      cell.width = width;
      cell.height = height;
      cells_.push_back(cell);
    }
  }

  /// Row by row. They live as long as the sheet.
  const std::vector<MutableImageView>& cells() const { return cells_; }
  Picture take() { return std::move(picture_); }

 private:
  Picture picture_;
  std::vector<MutableImageView> cells_;
};

}  // namespace svgen::train
