// SPDX-License-Identifier: MIT
// Pictures out of files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "svgen/picture.h"

namespace svgen::gst {

enum class Orientation { kApply, kIgnore };
enum class Alpha { kWhite, kDrop };

struct ReadOptions {
  Orientation orientation = Orientation::kApply;
  Alpha alpha = Alpha::kWhite;
  int64_t max_pixels = 200'000'000;
  std::string limit = "max-pixels";  // what raises it, for the error
};

/// Reads JPEG, PNG, WebP and what else OpenCV knows, as 8-bit RGB. Safe to call from several
/// threads. IoError when the file cannot be read, is not a complete picture or has too many pixels
/// (seen before anything is decoded); DeviceError when the module that decodes cannot be opened
/// (SVGEN_IMAGEIO names its file, else it lies beside this module or one folder up). `note`
/// gets words where the file holds more than one picture, and which one was taken.
Picture read_image(const std::filesystem::path& file, const ReadOptions& options = {},
                   std::string* note = nullptr);

}  // namespace svgen::gst
