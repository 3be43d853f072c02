// SPDX-License-Identifier: MIT
// Reading everything that a weights file claims to hold.
#pragma once

#include <cstring>

#include "weights/state_source.h"

namespace svgen::fuzz {

/// Every byte of every tensor, up to a few million: what the file names must be there.
inline void read_all(const weights::StateSource& source) {
  size_t left = 4 << 20;
  for (const weights::TensorInfo& info : source.tensors()) {
    const at::Tensor tensor = source.read(info.name);
    if (tensor.nbytes() > left) return;
    left -= tensor.nbytes();
    volatile unsigned sum = 0;
    const auto* bytes = static_cast<const unsigned char*>(tensor.const_data_ptr());
    for (size_t i = 0; i < tensor.nbytes(); ++i) sum = sum + bytes[i];
  }
}

}  // namespace svgen::fuzz
