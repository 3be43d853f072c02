// SPDX-License-Identifier: MIT
// The device kernels behind ops.h: raw device pointers and a stream, nothing of LibTorch.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace svgen::ops::cuda {

// y[i] = f(x[i]) for i < count, as in cpu/kernels.h; x and y may be the same. The error of the
// launch is returned; the work itself runs on the stream.
cudaError_t silu(const float* x, float* y, int64_t count, cudaStream_t stream);
cudaError_t gelu_erf(const float* x, float* y, int64_t count, cudaStream_t stream);
cudaError_t gelu_tanh(const float* x, float* y, int64_t count, cudaStream_t stream);

}  // namespace svgen::ops::cuda
