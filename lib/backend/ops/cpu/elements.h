// SPDX-License-Identifier: MIT
// The library's memory as the kernels see it: float, or Bfloat16 for bfloat16.
#pragma once

#include <ATen/core/Tensor.h>

#include <type_traits>

#include "ops/cpu/kernels.h"

namespace svgen::ops {

template <typename T>
const T* elements(const at::Tensor& x) {
  if constexpr (std::is_same_v<T, cpu::Bfloat16>)
    return reinterpret_cast<const T*>(x.const_data_ptr<at::BFloat16>());
  else
    return x.const_data_ptr<T>();
}

template <typename T>
T* mutable_elements(const at::Tensor& x) {
  if constexpr (std::is_same_v<T, cpu::Bfloat16>)
    return reinterpret_cast<T*>(x.mutable_data_ptr<at::BFloat16>());
  else
    return x.mutable_data_ptr<T>();
}

/// function(element) with an element of the type that `dtype` has, float32 or bfloat16.
template <typename Function>
void with_element_type(at::ScalarType dtype, const Function& function) {
  dtype == at::kFloat ? function(float{}) : function(cpu::Bfloat16{});
}

}  // namespace svgen::ops
