// SPDX-License-Identifier: MIT
// Attention with the scores of a few queries at a time: they never reach memory.
//
// Both products are the same small matrix product of a few rows (queries, or their shares) with a
// packed matrix (transposed keys, or values) whose rows are padded to whole vectors.
#include <ATen/Parallel.h>

#include <algorithm>

#include "ops/cpu/attention_parts.h"
#include "runtime/processor.h"

namespace svgen::ops::cpu {
namespace {

constexpr int64_t kQueriesOfATask = 64;

// c (Rows, columns) = a (Rows, n) b (n, columns), columns a multiple of 16.
template <int Rows, int Vectors>
SVGEN_INLINE void multiply_all(const float* a, int64_t a_stride, const float* b, int64_t columns,
                               int64_t n, float* c) {
  int64_t j = 0;
  for (; j + Vectors * kLanes <= columns; j += Vectors * kLanes)
    multiply<Rows, Vectors>(a, a_stride, b + j, columns, n, c + j, columns);
  for (; j < columns; j += kLanes)
    multiply<Rows, 1>(a, a_stride, b + j, columns, n, c + j, columns);
}

// Keys as (head, tokens), values as (tokens, head), padded.
template <typename T>
SVGEN_INLINE void pack(const HeadTask<T>& task, AttentionScratch& scratch) {
  const int64_t columns = padded(task.tokens), width = padded(task.head);
  scratch.keys.resize(task.head * columns);
  scratch.values.resize(task.tokens * width);
  scratch.rows.resize(kLanes * width);
  for (int64_t t = 0; t < task.tokens; ++t)
    widen(task.v.data + t * task.v.rows.token, task.head, scratch.values.data() + t * width);
  for (int64_t first = 0; first < columns; first += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      float* row = scratch.rows.data() + lane * width;
      const int64_t t = std::min(first + lane, task.tokens - 1);
      prepare(task.k, t, task.head, row);
    }
    for (int64_t i = 0; i < task.head; ++i)
      for (int64_t lane = 0; lane < kLanes; ++lane)
        scratch.keys[i * columns + first + lane] = scratch.rows[lane * width + i];
  }
}

template <int Rows, int Vectors, typename T>
SVGEN_INLINE void attend(const HeadTask<T>& task, AttentionScratch& scratch) {
  pack(task, scratch);
  const int64_t columns = padded(task.tokens), width = padded(task.head);
  scratch.queries.assign(Rows * width, 0);
  scratch.scores.resize(Rows * columns);
  scratch.mixed.resize(Rows * width);
  for (int64_t first = task.first; first < task.last; first += Rows) {
    const int64_t count = std::min<int64_t>(Rows, task.last - first);
    for (int64_t r = 0; r < count; ++r) {
      float* query = scratch.queries.data() + r * width;
      prepare(task.q, first + r, task.head, query);
      for (int64_t i = 0; i < width; i += kLanes) store(query + i, load(query + i) * task.scale);
    }
    multiply_all<Rows, Vectors>(scratch.queries.data(), width, scratch.keys.data(), columns,
                                task.head, scratch.scores.data());
    for (int64_t r = 0; r < count; ++r) softmax(scratch.scores.data() + r * columns, task.tokens);
    multiply_all<Rows, Vectors>(scratch.scores.data(), columns, scratch.values.data(), width,
                                task.tokens, scratch.mixed.data());
    for (int64_t r = 0; r < count; ++r) {
      const float* mixed = scratch.mixed.data() + r * width;
      T* y = task.y + (first + r) * task.y_stride;
      for (int64_t i = 0; i < task.head; i += kLanes) store(y + i, load(mixed + i), task.head - i);
    }
  }
}

// Keeps as many sums as the registers hold: 32 of 16 numbers, or 16 of 8.
template <typename T>
SVGEN_INLINE void attend_in_tiles(const HeadTask<T>& task, AttentionScratch& scratch) {
  has_wide_registers() ? attend<8, 2>(task, scratch) : attend<4, 1>(task, scratch);
}

SVGEN_VECTOR_CLONES
void attend_head(const HeadTask<float>& task, AttentionScratch& scratch) {
  attend_in_tiles(task, scratch);
}
SVGEN_VECTOR_CLONES
void attend_head_widened(const HeadTask<Bfloat16>& task, AttentionScratch& scratch) {
  attend_in_tiles(task, scratch);
}

void attend_head(const HeadTask<Bfloat16>& task, AttentionScratch& scratch) {
  runtime::has_pair_products() ? attend_pairs(task, scratch) : attend_head_widened(task, scratch);
}

}  // namespace

template <typename T>
void attention(const AttentionInput<T>& q, const AttentionInput<T>& k, const AttentionInput<T>& v,
               const AttentionShape& shape, double scale, T* y) {
  const int64_t parts = (shape.tokens + kQueriesOfATask - 1) / kQueriesOfATask;
  const int64_t width = shape.heads * shape.head;
  const auto head_of = [](const AttentionInput<T>& x, int64_t image, int64_t head) {
    AttentionInput<T> own = x;
    own.data += image * x.rows.image + head * x.rows.head;
    return own;
  };
  at::parallel_for(0, shape.images * shape.heads * parts, 1, [&](int64_t begin, int64_t end) {
    AttentionScratch scratch;
    // Parts of one head follow each other and share its keys and values.
    for (int64_t part = begin; part < end;) {
      const int64_t pair = part / parts, image = pair / shape.heads, head = pair % shape.heads;
      const int64_t last = std::min(end, (pair + 1) * parts);
      const HeadTask<T> task{
          .q = head_of(q, image, head),
          .k = head_of(k, image, head),
          .v = head_of(v, image, head),
          .tokens = shape.tokens,
          .head = shape.head,
          .first = (part - pair * parts) * kQueriesOfATask,
          .last = std::min((last - pair * parts) * kQueriesOfATask, shape.tokens),
          .scale = static_cast<float>(scale),
          .y = y + image * shape.tokens * width + head * shape.head,
          .y_stride = width};
      attend_head(task, scratch);
      part = last;
    }
  });
}

template void attention(const AttentionInput<float>&, const AttentionInput<float>&,
                        const AttentionInput<float>&, const AttentionShape&, double, float*);
template void attention(const AttentionInput<Bfloat16>&, const AttentionInput<Bfloat16>&,
                        const AttentionInput<Bfloat16>&, const AttentionShape&, double, Bfloat16*);

}  // namespace svgen::ops::cpu
