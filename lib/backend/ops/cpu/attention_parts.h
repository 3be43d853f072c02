// SPDX-License-Identifier: MIT
// The steps of attention on single rows of one head, whichever product it uses.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "ops/cpu/kernels.h"
#include "ops/cpu/small_product.h"
#include "ops/cpu/vector_math.h"

namespace svgen::ops::cpu {

/// Queries [first, last) of one head.
template <typename T>
struct HeadTask {
  AttentionInput<T> q, k, v;  // whose data begin at this head
  int64_t tokens, head;
  int64_t first, last;
  float scale;
  T* y;
  int64_t y_stride;
};

/// Kept from one head to the next.
struct AttentionScratch {
  std::vector<float> keys, values, rows, queries, scores, mixed;
  std::vector<uint32_t> key_pairs, value_pairs, query_pairs;
};

/// Attention whose products take queries, keys, shares and values rounded to bfloat16, and sum in
/// float32. Only where runtime::has_pair_products().
void attend_pairs(const HeadTask<Bfloat16>& task, AttentionScratch& scratch);

/// A row of numbers as float32, zeros up to a whole vector.
template <typename T>
SVGEN_INLINE void widen(const T* from, int64_t size, float* to) {
  for (int64_t i = 0; i < size; i += kLanes) store(to + i, load(from + i, size - i));
}

SVGEN_INLINE void normalise(float* x, int64_t size, const HeadNorm& norm) {
  if (norm.weight == nullptr) return;
  const auto eps = static_cast<float>(norm.eps);
  if (norm.bias == nullptr) {
    const Moments found = root_mean_square(x, size, eps);
    for (int64_t i = 0; i < size; i += kLanes)
      store(x + i, load(x + i) * found.inverse * load(norm.weight + i, size - i));
    return;
  }
  const Moments found = moments(x, size, eps);
  for (int64_t i = 0; i < size; i += kLanes) {
    const Floats normal = (load(x + i) - found.mean) * found.inverse;
    store(x + i, normal * load(norm.weight + i, size - i) + load(norm.bias + i, size - i));
  }
}

SVGEN_INLINE void rotate(float* x, int64_t size, int64_t token, const HeadRotation& rotation) {
  if (rotation.sin == nullptr || token < rotation.prefix) return;
  const int64_t row = (token - rotation.prefix) * size, half = size / 2;
  for (int64_t i = 0; i < half; i += kLanes) {
    const int64_t n = half - i;
    const Floats sin = load(rotation.sin + row + i, n), cos = load(rotation.cos + row + i, n);
    const Floats x1 = load(x + i, n), x2 = load(x + half + i, n);
    store(x + i, x1 * cos - x2 * sin, n);
    store(x + half + i, x2 * cos + x1 * sin, n);
  }
}

/// A query or key as it enters the scores.
template <typename T>
SVGEN_INLINE void prepare(const AttentionInput<T>& input, int64_t token, int64_t size, float* to) {
  widen(input.data + token * input.rows.token, size, to);
  normalise(to, size, input.norm);
  rotate(to, size, token, input.rotation);
}

/// Scores to shares of the first `size`; behind them zeros, up to a whole vector.
SVGEN_INLINE void softmax(float* scores, int64_t size) {
  const int64_t width = padded(size);
  for (int64_t i = size; i < width; ++i) scores[i] = -std::numeric_limits<float>::infinity();
  Floats highest = load(scores);
  for (int64_t i = kLanes; i < width; i += kLanes) {
    const Floats x = load(scores + i);
    highest = x > highest ? x : highest;
  }
  const float top = largest(highest);
  Floats total{};
  for (int64_t i = 0; i < width; i += kLanes) {
    const Floats x = exponential(load(scores + i) - top);
    total += x;
    store(scores + i, x);
  }
  const float inverse = 1.0f / sum(total);
  for (int64_t i = 0; i < width; i += kLanes) store(scores + i, load(scores + i) * inverse);
}

}  // namespace svgen::ops::cpu
