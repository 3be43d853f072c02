// SPDX-License-Identifier: MIT
// The activations over an array.
#include <ATen/Parallel.h>

#include "ops/cpu/kernels.h"
#include "ops/cpu/vector_math.h"

namespace svgen::ops::cpu {
namespace {

SVGEN_VECTOR_CLONES
void silu_slice(const float* x, float* y, int64_t count) {
  map_lanes(
      x, y, count, [](Floats v) SVGEN_LAMBDA { return v * sigmoid(v); });
}

SVGEN_VECTOR_CLONES
void gelu_erf_slice(const float* x, float* y, int64_t count) {
  map_lanes(
      x, y, count, [](Floats v) SVGEN_LAMBDA { return v * normal_distribution(v); });
}

// gelu_tanh(v) is v s(v): 0.5 (1 + tanh u) is the sigmoid of 2u.
constexpr float kTwiceRoot = 1.59576912160573071f;  // 2 sqrt(2 / pi)

SVGEN_INLINE Floats gelu_share(Floats v) {
  return sigmoid(kTwiceRoot * (v + 0.044715f * v * v * v));
}

// s + v s', with s' = s (1 - s) (2u)'.
SVGEN_INLINE Floats gelu_slope(Floats v) {
  const Floats s = gelu_share(v);
  return s + v * s * (1.0f - s) * kTwiceRoot * (1.0f + 0.134145f * v * v);
}

SVGEN_VECTOR_CLONES
void gelu_tanh_slice(const float* x, float* y, int64_t count) {
  map_lanes(
      x, y, count, [](Floats v) SVGEN_LAMBDA { return v * gelu_share(v); });
}

SVGEN_VECTOR_CLONES
void gelu_tanh_slice(const Bfloat16* x, Bfloat16* y, int64_t count) {
  map_lanes(
      x, y, count, [](Floats v) SVGEN_LAMBDA { return v * gelu_share(v); });
}

template <typename T>
SVGEN_INLINE void gelu_gradient_each(const T* x, const T* y_gradient, T* x_gradient,
                                     int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) {
    const int64_t n = count - i;
    store(x_gradient + i, gelu_slope(load(x + i, n)) * load(y_gradient + i, n), n);
  }
}

SVGEN_VECTOR_CLONES
void gelu_gradient_slice(const float* x, const float* y_gradient, float* x_gradient,
                         int64_t count) {
  gelu_gradient_each(x, y_gradient, x_gradient, count);
}

SVGEN_VECTOR_CLONES
void gelu_gradient_slice(const Bfloat16* x, const Bfloat16* y_gradient, Bfloat16* x_gradient,
                         int64_t count) {
  gelu_gradient_each(x, y_gradient, x_gradient, count);
}

template <typename T>
SVGEN_INLINE void silu_product_each(const T* x, const T* y, T* z, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) {
    const Floats v = load(x + i, count - i);
    store(z + i, v * sigmoid(v) * load(y + i, count - i), count - i);
  }
}

SVGEN_VECTOR_CLONES
void silu_product_slice(const float* x, const float* y, float* z, int64_t count) {
  silu_product_each(x, y, z, count);
}
SVGEN_VECTOR_CLONES
void silu_product_slice(const Bfloat16* x, const Bfloat16* y, Bfloat16* z, int64_t count) {
  silu_product_each(x, y, z, count);
}

constexpr int64_t kSlice = 8192, kRowsAtOnce = 4;

// work(first, count) for slices of an array.
template <typename Work>
void for_slices(int64_t count, const Work& work) {
  at::parallel_for(
      0, (count + kSlice - 1) / kSlice, 1,
      [&](int64_t begin, int64_t end) {
        const int64_t first = begin * kSlice;
        work(first, std::min(end * kSlice, count) - first);
      });
}

template <typename T>
void map_slices(const T* x, T* y, int64_t count, void (*kernel)(const T*, T*, int64_t)) {
  for_slices(
      count, [&](int64_t first, int64_t size) { kernel(x + first, y + first, size); });
}

}  // namespace

void silu(const float* x, float* y, int64_t count) {
  map_slices(x, y, count, silu_slice);
}

void gelu_erf(const float* x, float* y, int64_t count) {
  map_slices(x, y, count, gelu_erf_slice);
}

void gelu_tanh(const float* x, float* y, int64_t count) {
  map_slices<float>(x, y, count, gelu_tanh_slice);
}

void gelu_tanh(const Bfloat16* x, Bfloat16* y, int64_t count) {
  map_slices<Bfloat16>(x, y, count, gelu_tanh_slice);
}

template <typename T>
void gelu_tanh_gradient(const T* x, const T* y_gradient, T* x_gradient, int64_t count) {
  for_slices(
      count,
      [&](int64_t first, int64_t size) {
        gelu_gradient_slice(x + first, y_gradient + first, x_gradient + first, size);
      });
}

template <typename T>
void silu_product(const T* x, const T* y, T* z, int64_t count) {
  for_slices(
      count, [&](int64_t first,
                 int64_t size) { silu_product_slice(x + first, y + first, z + first, size); });
}

template <typename T>
void silu_halves(const T* x, T* z, int64_t rows, int64_t half) {
  at::parallel_for(
      0, rows, kRowsAtOnce,
      [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row)
          silu_product_slice(x + row * 2 * half, x + (row * 2 + 1) * half, z + row * half, half);
      });
}

template void gelu_tanh_gradient(const float*, const float*, float*, int64_t);
template void gelu_tanh_gradient(const Bfloat16*, const Bfloat16*, Bfloat16*, int64_t);
template void silu_product(const float*, const float*, float*, int64_t);
template void silu_product(const Bfloat16*, const Bfloat16*, Bfloat16*, int64_t);
template void silu_halves(const float*, float*, int64_t, int64_t);
template void silu_halves(const Bfloat16*, Bfloat16*, int64_t, int64_t);

}  // namespace svgen::ops::cpu
