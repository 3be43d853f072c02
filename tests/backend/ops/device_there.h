// SPDX-License-Identifier: MIT
// Says why a test on a CUDA device cannot run here.
#pragma once

#include <ATen/Context.h>

#include "ops/device.h"

namespace svgen::test {

/// Returns the reason for a skip; null where there are both a device and the kernels for it.
inline const char* why_no_device() {
  if (!ops::device::kPresent) return "built without nvcc or a CUDA LibTorch";
  const bool there = at::hasCUDA() && at::detail::getCUDAHooks().deviceCount() > 0;
  return there ? nullptr : "no CUDA device on this machine";
}

}  // namespace svgen::test
