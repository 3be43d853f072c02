// SPDX-License-Identifier: MIT
// What this machine can compute on, and in which precisions.
#pragma once

#include <string>

#include "svgen/device.h"
#include "svgen/tensor.h"

namespace svgen::roles {

/// "auto" -> the first CUDA device when there is one, else the CPU; else the named device.
/// DeviceError naming what was asked for and what exists.
Device resolve_device(const std::string& text);

/// "auto" -> float32, else the named one. ConfigurationError when the device cannot compute in it.
DType resolve_dtype(const std::string& text, Device device);

}  // namespace svgen::roles
