// SPDX-License-Identifier: MIT
// Elementary functions written so that the compiler turns loops over them into vector code.
//
// SVGEN_VECTOR_CLONES compiles a function for several instruction sets and picks at load time.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SVGEN_VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define SVGEN_VECTOR_CLONES
#endif
#define SVGEN_INLINE inline __attribute__((always_inline))
#define SVGEN_LAMBDA __attribute__((always_inline))

namespace svgen::ops::cpu {

/// Elements that a loop handles at once: a constant trip count, hence no scalar remainder.
inline constexpr int64_t kLanes = 16;

/// e^x within 2 units in the last place; x is clamped to +-87, where float32 ends.
SVGEN_INLINE float exponential(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 87.0f ? 87.0f : x;
  // x = n ln 2 + r; adding 1.5 * 2^23 leaves round(x / ln 2) in the low bits of the mantissa.
  constexpr float kRounder = 12582912.0f;
  const float shifted = x * 1.44269504088896341f + kRounder;
  const float n = shifted - kRounder;
  const float r = (x - n * 0.693145751953125f) - n * 1.42860682030941723e-6f;
  // The Taylor polynomial of e^r on |r| <= ln(2) / 2.
  float p = 1.0f / 5040.0f;
  p = p * r + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const int32_t exponent = std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(kRounder);
  return p * std::bit_cast<float>((exponent + 127) << 23);
}

SVGEN_INLINE float sigmoid(float x) {
  return 1.0f / (1.0f + exponential(-x));
}

/// Phi(x) from the error function by Abramowitz and Stegun 7.1.26, absolute error 2.5e-7.
SVGEN_INLINE float normal_distribution(float x) {
  const float z = std::fabs(x) * 0.70710678118654752f;
  const float t = 1.0f / (1.0f + 0.3275911f * z);
  float p = 1.061405429f;
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const float tail = 0.5f * p * t * exponential(-z * z);
  return x < 0.0f ? tail : 1.0f - tail;
}

/// function(x[i]) for i < count, in groups of kLanes; the last group is padded with zeros.
template <typename Function>
SVGEN_INLINE void map_lanes(const float* x, float* y, int64_t count, Function function) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (int64_t lane = 0; lane < kLanes; ++lane) y[i + lane] = function(x[i + lane]);
  if (i == count) return;
  float padded[kLanes] = {};
  std::copy(x + i, x + count, padded);
  for (int64_t lane = 0; lane < kLanes; ++lane) padded[lane] = function(padded[lane]);
  std::copy(padded, padded + (count - i), y + i);
}

}  // namespace svgen::ops::cpu
