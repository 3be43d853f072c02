// SPDX-License-Identifier: MIT
// The activations over an array. Limited by memory: one read and one write of every value.
#include <algorithm>

#include "ops/cuda/kernels.h"
#include "ops/cuda/launch.cuh"

namespace svgen::ops::cuda {
namespace {

struct Silu {
  __device__ float operator()(float v) const { return v / (1.0f + expf(-v)); }
};

struct GeluErf {
  __device__ float operator()(float v) const { return v * normcdff(v); }
};

struct GeluTanh {
  __device__ float operator()(float v) const {
    constexpr float kRoot = 0.797884560802865f;  // sqrt(2 / pi)
    return 0.5f * v * (1.0f + tanhf(kRoot * (v + 0.044715f * v * v * v)));
  }
};

template <typename Function>
__global__ void map(const float* x, float* y, int64_t count, Function function) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count;
       i += stride) {
    y[i] = function(x[i]);
  }
}

template <typename Function>
cudaError_t over_array(const float* x, float* y, int64_t count, cudaStream_t stream) {
  constexpr int64_t kThreads = 256, kMaxBlocks = 4096;
  if (count <= 0) return cudaSuccess;
  const auto blocks =
      static_cast<unsigned>(std::min((count + kThreads - 1) / kThreads, kMaxBlocks));
  return start(map<Function>, {blocks, kThreads}, stream, x, y, count, Function());
}

}  // namespace

cudaError_t silu(const float* x, float* y, int64_t count, cudaStream_t stream) {
  return over_array<Silu>(x, y, count, stream);
}

cudaError_t gelu_erf(const float* x, float* y, int64_t count, cudaStream_t stream) {
  return over_array<GeluErf>(x, y, count, stream);
}

cudaError_t gelu_tanh(const float* x, float* y, int64_t count, cudaStream_t stream) {
  return over_array<GeluTanh>(x, y, count, stream);
}

}  // namespace svgen::ops::cuda
