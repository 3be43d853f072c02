// SPDX-License-Identifier: MIT
// Attention of bfloat16 with the processor's products of pairs.
//
// A pair is two neighbours along the sum, channels or tokens, in the halves of 32 bits.
#include "ops/cpu/attention_parts.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define SVGEN_PAIRS 1
#endif

namespace svgen::ops::cpu {

#ifdef SVGEN_PAIRS
// Only the code below may use the instructions, nothing that other files share.
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")
namespace {

constexpr int kRows = 12, kVectors = 2;

// c (kRows, 16 Vectors) = a (kRows, n pairs) b (n pairs, 16 Vectors).
template <int Vectors>
SVGEN_INLINE void multiply_pairs(const uint32_t* a, int64_t a_stride, const uint32_t* b,
                                 int64_t b_stride, int64_t n, float* c, int64_t c_stride) {
  __m512 sums[kRows][Vectors] = {};
  for (int64_t i = 0; i < n; ++i, ++a, b += b_stride) {
    __m512bh row[Vectors];
    SVGEN_UNROLL for (int v = 0; v < Vectors; ++v) row[v] =
        std::bit_cast<__m512bh>(_mm512_loadu_si512(b + v * kLanes));
    SVGEN_UNROLL for (int r = 0; r < kRows; ++r) {
      const auto factor =
          std::bit_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(a[r * a_stride])));
      SVGEN_UNROLL for (int v = 0; v < Vectors; ++v) sums[r][v] =
          _mm512_dpbf16_ps(sums[r][v], factor, row[v]);
    }
  }
  SVGEN_UNROLL for (int r = 0; r < kRows; ++r) SVGEN_UNROLL for (int v = 0; v < Vectors; ++v)
      _mm512_storeu_ps(c + r * c_stride + v * kLanes, sums[r][v]);
}

SVGEN_INLINE void multiply_all(const uint32_t* a, int64_t a_stride, const uint32_t* b,
                               int64_t columns, int64_t n, float* c) {
  int64_t j = 0;
  for (; j + kVectors * kLanes <= columns; j += kVectors * kLanes)
    multiply_pairs<kVectors>(a, a_stride, b + j, columns, n, c + j, columns);
  for (; j < columns; j += kLanes)
    multiply_pairs<1>(a, a_stride, b + j, columns, n, c + j, columns);
}

// `size` numbers, a multiple of 16, as half as many pairs.
SVGEN_INLINE void round_row(const float* from, int64_t size, uint32_t* to) {
  for (int64_t i = 0; i < size; i += kLanes)
    store(reinterpret_cast<Bfloat16*>(to) + i, load(from + i));
}

SVGEN_INLINE uint32_t pair_of(Bfloat16 first, Bfloat16 second) {
  return static_cast<uint32_t>(first) | static_cast<uint32_t>(second) << 16;
}

// Keys as (head / 2 pairs, tokens), values as (tokens / 2 pairs, head), padded.
SVGEN_INLINE void pack_pairs(const HeadTask<Bfloat16>& task, AttentionScratch& scratch) {
  const int64_t columns = padded(task.tokens), width = padded(task.head);
  scratch.rows.resize(width);
  scratch.query_pairs.resize(kLanes * width / 2);
  scratch.key_pairs.resize(width / 2 * columns);
  for (int64_t first = 0; first < columns; first += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      prepare(task.k, std::min(first + lane, task.tokens - 1), task.head, scratch.rows.data());
      round_row(scratch.rows.data(), width, scratch.query_pairs.data() + lane * width / 2);
    }
    for (int64_t i = 0; i < width / 2; ++i)
      for (int64_t lane = 0; lane < kLanes; ++lane)
        scratch.key_pairs[i * columns + first + lane] = scratch.query_pairs[lane * width / 2 + i];
  }
  scratch.value_pairs.assign((task.tokens + 1) / 2 * width, 0);
  for (int64_t t = 0; t < task.tokens; t += 2) {
    const Bfloat16* first = task.v.data + t * task.v.rows.token;
    const Bfloat16* second = first + task.v.rows.token;
    for (int64_t i = 0; i < task.head; ++i)
      scratch.value_pairs[t / 2 * width + i] =
          pair_of(first[i], t + 1 < task.tokens ? second[i] : Bfloat16{});
  }
}

}  // namespace

void attend_pairs(const HeadTask<Bfloat16>& task, AttentionScratch& scratch) {
  pack_pairs(task, scratch);
  const int64_t columns = padded(task.tokens), width = padded(task.head);
  scratch.query_pairs.assign(kRows * std::max(width, columns) / 2, 0);
  scratch.scores.resize(kRows * columns);
  scratch.mixed.resize(kRows * width);
  uint32_t* operand = scratch.query_pairs.data();
  for (int64_t first = task.first; first < task.last; first += kRows) {
    const int64_t count = std::min<int64_t>(kRows, task.last - first);
    for (int64_t r = 0; r < count; ++r) {
      float* query = scratch.rows.data();
      prepare(task.q, first + r, task.head, query);
      for (int64_t i = 0; i < width; i += kLanes) store(query + i, load(query + i) * task.scale);
      round_row(query, width, operand + r * width / 2);
    }
    multiply_all(operand, width / 2, scratch.key_pairs.data(), columns, (task.head + 1) / 2,
                 scratch.scores.data());
    for (int64_t r = 0; r < count; ++r) {
      float* scores = scratch.scores.data() + r * columns;
      softmax(scores, task.tokens);
      round_row(scores, columns, operand + r * columns / 2);
    }
    multiply_all(operand, columns / 2, scratch.value_pairs.data(), width, (task.tokens + 1) / 2,
                 scratch.mixed.data());
    for (int64_t r = 0; r < count; ++r) {
      const float* mixed = scratch.mixed.data() + r * width;
      Bfloat16* y = task.y + (first + r) * task.y_stride;
      for (int64_t i = 0; i < task.head; i += kLanes) store(y + i, load(mixed + i), task.head - i);
    }
  }
}

#pragma GCC pop_options
#else

void attend_pairs(const HeadTask<Bfloat16>&, AttentionScratch&) {}

#endif

}  // namespace svgen::ops::cpu
