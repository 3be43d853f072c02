// SPDX-License-Identifier: MIT
// A line chart with OpenCV's drawing functions.
#pragma once

#include <string>

#include "data/train_log.h"
#include "svgen/picture.h"

namespace svgen::gst {

/// imageio.h says how it looks. An empty curve gives empty axes.
Picture draw_plot(const Curve& curve, const std::string& title);

}  // namespace svgen::gst
