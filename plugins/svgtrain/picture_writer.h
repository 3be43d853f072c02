// SPDX-License-Identifier: MIT
// Pictures and charts into PNG files.
#pragma once

#include <filesystem>
#include <string>

#include "data/train_log.h"
#include "svgen/picture.h"

namespace svgen::gst {

/// Writes a PNG file, whole or not at all. IoError when that fails, DeviceError when the module
/// that encodes cannot be opened.
void write_png(const std::filesystem::path& file, const Picture& picture);

/// A line chart of a metric over steps.
Picture draw_plot(const Curve& curve, const std::string& title);

}  // namespace svgen::gst
