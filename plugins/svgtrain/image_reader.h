// SPDX-License-Identifier: MIT
// Pictures out of files.
#pragma once

#include <filesystem>

#include "svgen/picture.h"

namespace svgen::gst {

/// Reads JPEG, PNG, WebP and what else OpenCV knows, as 8-bit RGB. Safe to call from several
/// threads. IoError when the file cannot be read or is not a complete picture; DeviceError when the
/// module that decodes cannot be opened (SVGEN_IMAGEIO names its file, else it lies beside this
/// module or one folder up).
Picture read_image(const std::filesystem::path& file);

}  // namespace svgen::gst
