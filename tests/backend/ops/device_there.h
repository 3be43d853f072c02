// SPDX-License-Identifier: MIT
// Why a test of what runs on a CUDA device cannot run here.
#pragma once

#include <ATen/Context.h>

#include "ops/device.h"

namespace svgen::test {

/// Null where there are both a device and the kernels for it.
inline const char* why_no_device() {
  if (!ops::device::kPresent) return "built without nvcc or a CUDA LibTorch";
  const bool there = at::hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0;
  return there ? nullptr : "no CUDA device on this machine";
}

}  // namespace svgen::test
