// SPDX-License-Identifier: MIT
// Building a model and filling it from its file.
#include "engine/load_role.h"

#include <cstdint>

namespace svgen::engine {

at::Tensor aligned(const at::Tensor& tensor) {
  constexpr uintptr_t kCacheLine = 64;
  const auto address = reinterpret_cast<uintptr_t>(tensor.const_data_ptr());
  return tensor.is_cpu() && address % kCacheLine != 0 ? tensor.clone() : tensor;
}

}  // namespace svgen::engine
