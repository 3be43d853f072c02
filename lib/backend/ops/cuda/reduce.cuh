// SPDX-License-Identifier: MIT
// Mean and variance across lanes and threads, in an order that depends on nothing but their number.
#pragma once

#include "ops/cuda/pack.cuh"

namespace svgen::ops::cuda {

/// Holds the mean of `count` values and the sum of their squared distances to it. Merging keeps a
/// small deviation around a large mean exact (Chan, Golub, LeVeque 1983).
struct Moments {
  float count, mean, squares;
};

__device__ inline Moments merged(const Moments& a, const Moments& b) {
  const float count = a.count + b.count;
  if (count == 0) return a;
  const float distance = b.mean - a.mean, share = b.count / count;
  return {count, a.mean + distance * share,
          a.squares + b.squares + distance * distance * a.count * share};
}

template <int kCount>
__device__ Moments moments_of(const Pack<kCount>& pack) {
  float total = 0, squares = 0;
#pragma unroll
  for (int i = 0; i < kCount; ++i) total += pack.value[i];
  const float mean = total * (1.0f / kCount);
#pragma unroll
  for (int i = 0; i < kCount; ++i) squares += (pack.value[i] - mean) * (pack.value[i] - mean);
  return {kCount, mean, squares};
}

constexpr unsigned kWarp = 32, kAllLanes = 0xffffffffu;

/// Merged over each kLanes neighbouring lanes of a warp, for all of them; the whole warp calls.
template <int kLanes>
__device__ Moments merged_over_lanes(Moments own) {
#pragma unroll
  for (int step = kLanes / 2; step > 0; step /= 2) {
    const Moments other = {__shfl_xor_sync(kAllLanes, own.count, step),
                           __shfl_xor_sync(kAllLanes, own.mean, step),
                           __shfl_xor_sync(kAllLanes, own.squares, step)};
    // Both sides take the same operands in the same order, so that they get the same bits.
    own = (threadIdx.x & step) == 0 ? merged(own, other) : merged(other, own);
  }
  return own;
}

/// Merged over a block of kThreads, whole warps, for all of them; the whole block calls, once.
template <int kThreads>
__device__ Moments merged_over_block(Moments own) {
  constexpr int kWarps = kThreads / kWarp;
  __shared__ Moments of_warp[kWarps];
  own = merged_over_lanes<kWarp>(own);
  if (threadIdx.x % kWarp == 0) of_warp[threadIdx.x / kWarp] = own;
  __syncthreads();
  Moments all = of_warp[0];
#pragma unroll
  for (int warp = 1; warp < kWarps; ++warp) all = merged(all, of_warp[warp]);
  return all;
}

struct Sums {
  double total, squares;
};

/// Added over a block of kThreads, whole warps, for its first thread; the whole block calls, once.
template <int kThreads>
__device__ Sums added_over_block(Sums own) {
  constexpr int kWarps = kThreads / kWarp;
  __shared__ double of_warp[2][kWarps];
#pragma unroll
  for (int step = kWarp / 2; step > 0; step /= 2) {
    own.total += __shfl_down_sync(kAllLanes, own.total, step);
    own.squares += __shfl_down_sync(kAllLanes, own.squares, step);
  }
  if (threadIdx.x % kWarp == 0) {
    of_warp[0][threadIdx.x / kWarp] = own.total;
    of_warp[1][threadIdx.x / kWarp] = own.squares;
  }
  __syncthreads();
  Sums all{};
  for (int warp = 0; warp < kWarps; ++warp) {
    all.total += of_warp[0][warp];
    all.squares += of_warp[1][warp];
  }
  return all;
}

/// Mean and 1 / sqrt(biased variance + eps).
struct Norm {
  float mean, inverse;
};

__device__ inline Norm norm_of(const Moments& moments, float eps) {
  return {moments.mean, 1.0f / sqrtf(moments.squares / moments.count + eps)};
}

/// 0 and 1 / sqrt(mean of x^2 + eps).
__device__ inline Norm root_mean_square(const Moments& moments, float eps) {
  return {0, 1.0f / sqrtf(moments.squares / moments.count + moments.mean * moments.mean + eps)};
}

}  // namespace svgen::ops::cuda
