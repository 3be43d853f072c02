// SPDX-License-Identifier: MIT
// Opening the module that knows picture formats.
#pragma once

namespace svgen::gst {

/// The function that libsvgen-imageio exports under `name` (imageio.h). The module is opened on
/// first use: SVGEN_IMAGEIO names its file, else it lies beside this module or one folder up.
/// DeviceError when it cannot be opened.
void* imageio_symbol(const char* name);

}  // namespace svgen::gst
