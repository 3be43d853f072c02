// SPDX-License-Identifier: MIT
// The activations over an array.
#include <ATen/Parallel.h>

#include "ops/cpu/kernels.h"
#include "ops/cpu/vector_math.h"

namespace svgen::ops::cpu {
namespace {

SVGEN_VECTOR_CLONES
void silu_slice(const float* x, float* y, int64_t count) {
  map_lanes(x, y, count, [](Floats v) SVGEN_LAMBDA { return v * sigmoid(v); });
}

SVGEN_VECTOR_CLONES
void gelu_erf_slice(const float* x, float* y, int64_t count) {
  map_lanes(x, y, count, [](Floats v) SVGEN_LAMBDA { return v * normal_distribution(v); });
}

SVGEN_VECTOR_CLONES
void gelu_tanh_slice(const float* x, float* y, int64_t count) {
  // 0.5 (1 + tanh u) is the sigmoid of 2u.
  constexpr float kTwiceRoot = 1.59576912160573071f;  // 2 sqrt(2 / pi)
  map_lanes(x, y, count, [](Floats v) SVGEN_LAMBDA {
    return v * sigmoid(kTwiceRoot * (v + 0.044715f * v * v * v));
  });
}

constexpr int64_t kSlice = 8192;

void for_slices(const float* x, float* y, int64_t count,
                void (*kernel)(const float*, float*, int64_t)) {
  at::parallel_for(0, (count + kSlice - 1) / kSlice, 1, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * kSlice;
    kernel(x + first, y + first, std::min(end * kSlice, count) - first);
  });
}

}  // namespace

void silu(const float* x, float* y, int64_t count) {
  for_slices(x, y, count, silu_slice);
}

void gelu_erf(const float* x, float* y, int64_t count) {
  for_slices(x, y, count, gelu_erf_slice);
}

void gelu_tanh(const float* x, float* y, int64_t count) {
  for_slices(x, y, count, gelu_tanh_slice);
}

}  // namespace svgen::ops::cpu
