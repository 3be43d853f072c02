// SPDX-License-Identifier: MIT
// The one function of libsvgen-imageio, the module that knows picture formats (through OpenCV).
// It is opened on first use, so that a scan of the plugins does not load OpenCV's libraries.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "svgen/picture.h"

namespace svgen::gst {

/// Decodes a whole file into 8-bit RGB: alpha is left out, grey is spread, orientation tags are
/// applied. Returns false and says why in `problem` when the bytes are not a complete picture.
using DecodeFunction = bool (*)(std::span<const uint8_t> file, Picture& picture,
                                std::string& problem);

inline constexpr const char* kDecodeSymbol = "svgen_decode_picture";
/// Not .so: GStreamer's scanner would take it for a plugin and load it.
inline constexpr const char* kImageIoFile = "libsvgen-imageio.so.0";

}  // namespace svgen::gst
