// SPDX-License-Identifier: MIT
// Finds the devices of this machine and the precisions they compute in.
#pragma once

#include <span>
#include <string>

#include "svgen/device.h"
#include "svgen/tensor.h"

namespace svgen::runtime {

/// The device of a process that a launcher started as the `local_rank`-th of its machine (the
/// variable LOCAL_RANK; null: not set), of so many: they take turns. 0 for what is no number.
int local_device(const char* local_rank, int devices);

/// "auto" -> a CUDA device when there is one (the first, or this process' of a launch), else the
/// CPU; else the named device. DeviceError naming what was asked for and what exists.
Device resolve_device(const std::string& text);

/// "auto" -> the first of `accepted` in which the device is faster than in float32, else float32.
/// ConfigurationError when the device cannot compute in the named one.
DType resolve_dtype(const std::string& text, Device device, std::span<const DType> accepted = {});

}  // namespace svgen::runtime
