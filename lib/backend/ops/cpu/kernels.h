// SPDX-License-Identifier: MIT
// The host kernels behind ops.h: contiguous float32 arrays, cut at fixed places over the threads.
#pragma once

#include <cstdint>

namespace svgen::ops::cpu {

// y[i] = f(x[i]) for i < count; x and y may be the same.
void silu(const float* x, float* y, int64_t count);
void gelu_erf(const float* x, float* y, int64_t count);
void gelu_tanh(const float* x, float* y, int64_t count);

struct GroupNormShape {
  int64_t images, pixels, channels;
  int64_t groups;  // a divisor of channels
};

/// Group normalisation of x (images, pixels, channels) with affine parameters (channels), then
/// y sigmoid(y) when `swish`. Sums are float64.
void group_norm(const float* x, float* y, const GroupNormShape& shape, const float* weight,
                const float* bias, double eps, bool swish);

}  // namespace svgen::ops::cpu
