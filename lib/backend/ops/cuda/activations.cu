// SPDX-License-Identifier: MIT
// The gate of a gated feed-forward. Limited by memory: two reads and one write of every value.
#include "ops/cuda/launch.cuh"
#include "ops/cuda/pack.cuh"

namespace svgen::ops::cuda {
namespace {

constexpr int kThreads = 256;

template <int kPack, typename T>
__global__ void __launch_bounds__(kThreads)
    gate(const T* __restrict__ x, const T* __restrict__ y, T* __restrict__ z, int64_t count) {
  const int64_t i = (int64_t{blockIdx.x} * kThreads + threadIdx.x) * kPack;
  if (i >= count) return;
  Pack<kPack> v = load<kPack>(x + i);
  const Pack<kPack> factor = load<kPack>(y + i);
#pragma unroll
  for (int j = 0; j < kPack; ++j)
    v.value[j] = v.value[j] / (1.0f + expf(-v.value[j])) * factor.value[j];
  store(z + i, v);
}

// Rows in y: a thread's pack of the first half and the pack of the second half beside it.
template <int kPack, typename T>
__global__ void __launch_bounds__(kThreads)
    gate_row(const T* __restrict__ x, T* __restrict__ z, int64_t half) {
  const int64_t i = (int64_t{blockIdx.y} * kThreads + threadIdx.x) * kPack;
  if (i >= half) return;
  const T* row = x + int64_t{blockIdx.x} * 2 * half;
  Pack<kPack> v = load<kPack>(row + i);
  const Pack<kPack> factor = load<kPack>(row + half + i);
#pragma unroll
  for (int j = 0; j < kPack; ++j)
    v.value[j] = v.value[j] / (1.0f + expf(-v.value[j])) * factor.value[j];
  store(z + int64_t{blockIdx.x} * half + i, v);
}

}  // namespace

template <typename T>
cudaError_t silu_product(const T* x, const T* y, T* z, int64_t count, cudaStream_t stream) {
  if (count <= 0) return cudaSuccess;
  constexpr int kPack = 16 / sizeof(T);
  const bool packed = in_packs<kPack>(count, x, y, z);
  const Launch launch = {blocks_for(count, int64_t{kThreads} * (packed ? kPack : 1)), kThreads};
  return start(packed ? gate<kPack, T> : gate<1, T>, launch, stream, x, y, z, count);
}

template <typename T>
cudaError_t silu_halves(const T* x, T* z, int64_t rows, int64_t half, cudaStream_t stream) {
  if (rows <= 0 || half <= 0) return cudaSuccess;
  constexpr int kPack = 16 / sizeof(T);
  const bool packed = in_packs<kPack>(half, x, z);
  const Launch launch = {
      dim3(static_cast<unsigned>(rows), blocks_for(half, int64_t{kThreads} * (packed ? kPack : 1))),
      kThreads};
  return start(packed ? gate_row<kPack, T> : gate_row<1, T>, launch, stream, x, z, half);
}

template cudaError_t silu_product(const float*, const float*, float*, int64_t, cudaStream_t);
template cudaError_t silu_product(const Bfloat16*, const Bfloat16*, Bfloat16*, int64_t,
                                  cudaStream_t);
template cudaError_t silu_halves(const float*, float*, int64_t, int64_t, cudaStream_t);
template cudaError_t silu_halves(const Bfloat16*, Bfloat16*, int64_t, int64_t, cudaStream_t);

}  // namespace svgen::ops::cuda
