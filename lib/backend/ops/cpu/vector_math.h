// SPDX-License-Identifier: MIT
// Elementary functions of sixteen numbers at once, in the compiler's own vector types: what a loop
// over single numbers becomes depends on the optimiser's mood, these do not.
//
// SVGEN_VECTOR_CLONES compiles a function for several instruction sets and picks at load time.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numbers>

#include "ops/cpu/kernels.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SVGEN_VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define SVGEN_VECTOR_CLONES
#endif
// Vectors are passed between inlined functions alone, so no calling convention is met.
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

#define SVGEN_INLINE inline __attribute__((always_inline))
#define SVGEN_LAMBDA __attribute__((always_inline))
#define SVGEN_UNROLL _Pragma("GCC unroll 32")

namespace svgen::ops::cpu {

/// Numbers in a vector.
inline constexpr int64_t kLanes = 16;
using Floats = float __attribute__((vector_size(4 * kLanes)));
using Ints = int32_t __attribute__((vector_size(4 * kLanes)));
using Doubles = double __attribute__((vector_size(8 * kLanes)));
using Halves = uint16_t __attribute__((vector_size(2 * kLanes)));

SVGEN_INLINE Floats load(const float* from) {
  Floats x;
  std::memcpy(&x, from, sizeof x);
  return x;
}

SVGEN_INLINE void store(float* to, Floats x) {
  std::memcpy(to, &x, sizeof x);
}

/// bfloat16 is the upper half of float32; to it numbers are rounded to the nearest, ties to even.
SVGEN_INLINE Floats load(const Bfloat16* from) {
  Halves x;
  std::memcpy(&x, from, sizeof x);
  return std::bit_cast<Floats>(__builtin_convertvector(x, Ints) << 16);
}

SVGEN_INLINE void store(Bfloat16* to, Floats x) {
  const Ints bits = std::bit_cast<Ints>(x);
  const Ints rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  // A number that is none must not be rounded to infinity.
  const Halves halves = __builtin_convertvector(x == x ? rounded : Ints{} + 0x7fc0, Halves);
  std::memcpy(to, &halves, sizeof halves);
}

/// Up to a vector of numbers; behind the `count` that there are comes `rest`.
template <typename T>
SVGEN_INLINE Floats load(const T* from, int64_t count, float rest = 0) {
  if (count >= kLanes) return load(from);
  T part[kLanes] = {};
  std::copy(from, from + count, part);
  Floats x = load(part);
  for (int64_t lane = count; lane < kLanes; ++lane) x[lane] = rest;
  return x;
}

template <typename T>
SVGEN_INLINE void store(T* to, Floats x, int64_t count) {
  if (count >= kLanes) return store(to, x);
  T part[kLanes];
  store(part, x);
  std::copy(part, part + count, to);
}

SVGEN_INLINE Floats all(float x) {
  return Floats{} + x;
}

// Folds the upper half of a vector onto the lower one four times: half the steps of going through
// it, and not one after the other.
template <typename Combine>
SVGEN_INLINE float folded(Floats x, Combine combine) {
  x = combine(
      x, __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
  x = combine(x, __builtin_shufflevector(x, x, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7));
  x = combine(x, __builtin_shufflevector(x, x, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3));
  return combine(x,
                 __builtin_shufflevector(x, x, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1))[0];
}

SVGEN_INLINE float sum(Floats x) {
  return folded(
      x, [](Floats a, Floats b) SVGEN_LAMBDA { return a + b; });
}

SVGEN_INLINE float largest(Floats x) {
  return folded(
      x, [](Floats a, Floats b) SVGEN_LAMBDA { return a > b ? a : b; });
}

/// e^x within 2 units in the last place; x is clamped to +-87, where float32 ends.
SVGEN_INLINE Floats exponential(Floats x) {
  x = x < -87.0f ? all(-87.0f) : x;
  x = x > 87.0f ? all(87.0f) : x;
  // x = n ln 2 + r; adding 1.5 * 2^23 leaves round(x / ln 2) in the low bits of the mantissa.
  constexpr float kRounder = 12582912.0f;
  const Floats shifted = x * std::numbers::log2e_v<float> + kRounder;
  const Floats n = shifted - kRounder;
  // NOLINTNEXTLINE(modernize-use-std-numbers): ln 2 in two parts, the first of few bits
  const Floats r = (x - n * 0.693145751953125f) - n * 1.42860682030941723e-6f;
  // The Taylor polynomial of e^r on |r| <= ln(2) / 2.
  Floats p = r * (1.0f / 5040.0f) + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const Ints exponent = std::bit_cast<Ints>(shifted) - std::bit_cast<int32_t>(kRounder);
  return p * std::bit_cast<Floats>((exponent + 127) << 23);
}

SVGEN_INLINE Floats sigmoid(Floats x) {
  return 1.0f / (1.0f + exponential(-x));
}

/// Phi(x) from the error function by Abramowitz and Stegun 7.1.26, absolute error 2.5e-7.
SVGEN_INLINE Floats normal_distribution(Floats x) {
  const Floats z = (x < 0.0f ? -x : x) * 0.70710678118654752f;
  const Floats t = 1.0f / (1.0f + 0.3275911f * z);
  Floats p = t * 1.061405429f - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const Floats tail = 0.5f * p * t * exponential(-z * z);
  return x < 0.0f ? tail : 1.0f - tail;
}

struct Moments {
  float mean, inverse;  // 1 / sqrt(biased variance + eps)
};

SVGEN_INLINE Moments moments(const float* x, int64_t count, float eps) {
  Floats total{}, squares{};
  for (int64_t i = 0; i < count; i += kLanes) total += load(x + i, count - i);
  const float mean = sum(total) / static_cast<float>(count);
  for (int64_t i = 0; i < count; i += kLanes) {
    const Floats d = load(x + i, count - i, mean) - mean;
    squares += d * d;
  }
  return {mean, 1.0f / std::sqrt(sum(squares) / static_cast<float>(count) + eps)};
}

/// The same without taking the mean off: 1 / sqrt(mean of x^2 + eps).
SVGEN_INLINE Moments root_mean_square(const float* x, int64_t count, float eps) {
  Floats squares{};
  for (int64_t i = 0; i < count; i += kLanes) {
    const Floats v = load(x + i, count - i);
    squares += v * v;
  }
  return {0, 1.0f / std::sqrt(sum(squares) / static_cast<float>(count) + eps)};
}

/// function(x[i]) for i < count, a vector at a time; the last one is padded with zeros.
template <typename T, typename Function>
SVGEN_INLINE void map_lanes(const T* x, T* y, int64_t count, Function function) {
  for (int64_t i = 0; i < count; i += kLanes)
    store(y + i, function(load(x + i, count - i)), count - i);
}

}  // namespace svgen::ops::cpu
