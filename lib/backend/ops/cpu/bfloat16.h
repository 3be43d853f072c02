// SPDX-License-Identifier: MIT
// The library's bfloat16 memory as the kernels see it.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/cpu/kernels.h"

namespace svgen::ops {

inline const cpu::Bfloat16* bfloat16_data(const at::Tensor& x) {
  return reinterpret_cast<const cpu::Bfloat16*>(x.const_data_ptr<at::BFloat16>());
}

inline cpu::Bfloat16* bfloat16_data(at::Tensor& x) {
  return reinterpret_cast<cpu::Bfloat16*>(x.mutable_data_ptr<at::BFloat16>());
}

}  // namespace svgen::ops
