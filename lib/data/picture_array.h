// SPDX-License-Identifier: MIT
// Many pictures in one file, as evaluations publish them: an npz archive whose first array is
// uint8 (N, height, width, 3), beside it perhaps their labels.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "data/mapped_file.h"
#include "svgen/image.h"

namespace svgen {

/// Whether a file is named as such an archive.
bool is_picture_array(const std::filesystem::path& file);

/// Safe to read from several threads.
class PictureArray {
 public:
  /// IoError where the archive is damaged, has no pictures, or has them compressed.
  explicit PictureArray(const std::filesystem::path& file);

  int64_t size() const { return count_; }
  ImageView picture(int64_t item) const;
  /// -1 where the archive has none.
  int64_t label(int64_t item) const {
    return labels_.empty() ? -1 : labels_[static_cast<size_t>(item)];
  }

 private:
  std::shared_ptr<const MappedFile> file_;
  uint64_t offset_ = 0;
  int64_t count_ = 0, height_ = 0, width_ = 0;
  std::vector<int64_t> labels_;
};

}  // namespace svgen
