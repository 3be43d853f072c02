// SPDX-License-Identifier: MIT
// The functions of libsvgen-imageio, the module that knows picture formats (through OpenCV).
// It is opened on first use, so that a scan of the plugins does not load OpenCV's libraries.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/train_log.h"
#include "svgen/picture.h"

namespace svgen::gst {

enum class AlphaKind {
  kNone,  // there is none, or it is left out
  kStraight,
  kPremultiplied,  // colours have been multiplied with it
};

/// Decodes a whole file into 8-bit RGB as it is stored: 16 bits lose their lower half, grey is
/// spread, orientation tags of formats other than TIFF are left alone, and what is transparent is
/// put on white as `alpha` says. Returns false and says why in `problem` when the bytes are not a
/// complete picture.
using DecodeFunction = bool (*)(std::span<const uint8_t> file, AlphaKind alpha, Picture& picture,
                                std::string& problem);

/// The bytes of a PNG file of `picture`. Returns false and says why when that fails.
using EncodeFunction = bool (*)(const Picture& picture, std::vector<uint8_t>& file,
                                std::string& problem);

/// A line chart of `curve` under `title`: every value thin, their running mean thick, the value
/// axis logarithmic when values are positive and span more than a decade.
using PlotFunction = bool (*)(const Curve& curve, const std::string& title, Picture& chart,
                              std::string& problem);

inline constexpr const char* kDecodeSymbol = "svgen_decode_picture";
inline constexpr const char* kEncodeSymbol = "svgen_encode_png";
inline constexpr const char* kPlotSymbol = "svgen_draw_plot";
/// The ending is not .so: GStreamer's scanner would take it for a plugin and load it.
inline constexpr const char* kImageIoFile = "libsvgen-imageio.so.0";

}  // namespace svgen::gst
