// SPDX-License-Identifier: MIT
// Neighbouring elements that cross the memory bus in one access, as float32 in registers.
#pragma once

#include <cuda_bf16.h>

#include <cstdint>

#include "ops/cuda/kernels.h"

namespace svgen::ops::cuda {

template <int kCount>
struct Pack {
  float value[kCount];
};

__device__ inline float to_float(float x) {
  return x;
}

__device__ inline float to_float(Bfloat16 x) {
  return __uint_as_float(static_cast<unsigned>(x) << 16);
}

template <typename T>
__device__ T from_float(float x) {
  if constexpr (sizeof(T) == sizeof(float))
    return x;
  else
    return static_cast<T>(__bfloat16_as_ushort(__float2bfloat16_rn(x)));
}

template <typename T, int kCount>
struct alignas(sizeof(T) * kCount) Stored {
  T value[kCount];
};

/// kCount elements at `from`, which is aligned to all of them.
template <int kCount, typename T>
__device__ Pack<kCount> load(const T* from) {
  const auto stored = *reinterpret_cast<const Stored<T, kCount>*>(from);
  Pack<kCount> pack;
#pragma unroll
  for (int i = 0; i < kCount; ++i) pack.value[i] = to_float(stored.value[i]);
  return pack;
}

/// Rounds to the nearest.
template <int kCount, typename T>
__device__ void store(T* to, const Pack<kCount>& pack) {
  Stored<T, kCount> stored;
#pragma unroll
  for (int i = 0; i < kCount; ++i) stored.value[i] = from_float<T>(pack.value[i]);
  *reinterpret_cast<Stored<T, kCount>*>(to) = stored;
}

/// Whether rows of this many elements, from these addresses on, fall into whole packs of kCount.
/// A null address fits.
template <int kCount, typename... T>
bool in_packs(int64_t width, const T*... address) {
  return width % kCount == 0 &&
         ((reinterpret_cast<uintptr_t>(address) % (sizeof(T) * kCount) == 0) && ...);
}

}  // namespace svgen::ops::cuda
