// SPDX-License-Identifier: MIT
// The operations around the branches of a transformer block, a block of threads for each row.
// Limited by memory: a row is read once from it, and again from the cache for its last pass.
#include "ops/cuda/launch.cuh"
#include "ops/cuda/reduce.cuh"

namespace svgen::ops::cuda {
namespace {

// A row of a thousand numbers is a few packs for each thread, all in flight at once.
constexpr int kThreads = 128;

// Tokens are blocks in x, images in y.
__device__ int64_t first_element(int64_t width) {
  return (int64_t{blockIdx.y} * gridDim.x + blockIdx.x) * width;
}

// The image's row of a vector that its tokens share, or null where there is none.
__device__ const float* row_for(const ImageRows& rows) {
  return rows.data == nullptr ? nullptr : rows.data + blockIdx.y * rows.stride;
}

// function(i) for the first element of each pack of this thread.
template <int kPack, typename Function>
__device__ void for_packs(int64_t width, Function function) {
#pragma unroll 2
  for (int64_t i = int64_t{threadIdx.x} * kPack; i < width; i += int64_t{kThreads} * kPack)
    function(i);
}

template <int kPack, typename Branch>
__device__ Pack<kPack> sum_of(const float* x, const Branch* branch, const float* gate, int64_t i) {
  Pack<kPack> sum = load<kPack>(x + i), added = load<kPack>(branch + i);
  if (gate != nullptr) {
    const Pack<kPack> factor = load<kPack>(gate + i);
#pragma unroll
    for (int j = 0; j < kPack; ++j) added.value[j] *= factor.value[j];
  }
#pragma unroll
  for (int j = 0; j < kPack; ++j) sum.value[j] += added.value[j];
  return sum;
}

// `row` is what this thread read or wrote before.
template <int kPack, typename Out>
__device__ void normalise(const float* row, const Moments& own, int64_t width,
                          const RowNorm<Out>& of) {
  const Moments all = merged_over_block<kThreads>(own);
  const auto eps = static_cast<float>(of.eps);
  const Norm norm = of.centred ? norm_of(all, eps) : root_mean_square(all, eps);
  const float* __restrict__ scale = row_for(of.scale), * __restrict__ shift = row_for(of.shift);
  Out* __restrict__ y = of.y + first_element(width);
  for_packs<kPack>(width, [&](int64_t i) {
    Pack<kPack> v = load<kPack>(row + i);
    const Pack<kPack> gain = load<kPack>(scale + i), offset = load<kPack>(shift + i);
#pragma unroll
    for (int j = 0; j < kPack; ++j)
      v.value[j] =
          (v.value[j] - norm.mean) * norm.inverse * (of.base + gain.value[j]) + offset.value[j];
    store(y + i, v);
  });
}

template <int kPack, typename Out>
__global__ void __launch_bounds__(kThreads)
    norm_row(const float* __restrict__ x, int64_t width, RowNorm<Out> norm) {
  const float* row = x + first_element(width);
  Moments own{};
  for_packs<kPack>(width, [&](int64_t i) { own = merged(own, moments_of(load<kPack>(row + i))); });
  normalise<kPack>(row, own, width, norm);
}

template <int kPack, typename Branch>
__global__ void __launch_bounds__(kThreads)
    sum_row(const float* __restrict__ x, const Branch* __restrict__ branch, float* __restrict__ y,
            int64_t width, ImageRows gates) {
  const int64_t first = first_element(width);
  const float* __restrict__ gate = row_for(gates);
  for_packs<kPack>(width, [&](int64_t i) {
    store(y + first + i, sum_of<kPack>(x + first, branch + first, gate, i));
  });
}

template <int kPack, typename Branch, typename Out>
__global__ void __launch_bounds__(kThreads)
    sum_and_norm_row(const float* __restrict__ x, const Branch* __restrict__ branch,
                     float* __restrict__ sum, int64_t width, ImageRows gates, RowNorm<Out> norm) {
  const int64_t first = first_element(width);
  const float* __restrict__ gate = row_for(gates);
  Moments own{};
  for_packs<kPack>(width, [&](int64_t i) {
    const Pack<kPack> v = sum_of<kPack>(x + first, branch + first, gate, i);
    store(sum + first + i, v);
    own = merged(own, moments_of(v));
  });
  normalise<kPack>(sum + first, own, width, norm);
}

Launch one_block_a_row(const TokenShape& shape) {
  return {dim3(static_cast<unsigned>(shape.tokens), static_cast<unsigned>(shape.images)), kThreads};
}

bool is_empty(const TokenShape& shape) {
  return shape.images * shape.tokens * shape.width == 0;
}

// Rows of vectors, too, start where a pack may.
bool in_fours(int64_t width, const ImageRows& rows) {
  return in_packs<4>(width, rows.data) && rows.stride % 4 == 0;
}

template <typename Out>
bool in_fours(int64_t width, const RowNorm<Out>& norm) {
  return in_packs<4>(width, norm.y) && in_fours(width, norm.shift) && in_fours(width, norm.scale);
}

}  // namespace

template <typename Out>
cudaError_t layer_norm(const float* x, const TokenShape& shape, const RowNorm<Out>& norm,
                       cudaStream_t stream) {
  if (is_empty(shape)) return cudaSuccess;
  const bool fours = in_packs<4>(shape.width, x) && in_fours(shape.width, norm);
  return start(fours ? norm_row<4, Out> : norm_row<1, Out>, one_block_a_row(shape), stream, x,
               shape.width, norm);
}

template <typename Branch>
cudaError_t gated_sum(const float* x, const Branch* branch, float* y, const TokenShape& shape,
                      ImageRows gate, cudaStream_t stream) {
  if (is_empty(shape)) return cudaSuccess;
  const bool fours = in_packs<4>(shape.width, x, branch, y) && in_fours(shape.width, gate);
  return start(fours ? sum_row<4, Branch> : sum_row<1, Branch>, one_block_a_row(shape), stream, x,
               branch, y, shape.width, gate);
}

template <typename Branch, typename Out>
cudaError_t gated_sum_and_norm(const float* x, const Branch* branch, float* sum,
                               const TokenShape& shape, ImageRows gate, const RowNorm<Out>& norm,
                               cudaStream_t stream) {
  if (is_empty(shape)) return cudaSuccess;
  const bool fours = in_packs<4>(shape.width, x, branch, sum) && in_fours(shape.width, gate) &&
                     in_fours(shape.width, norm);
  return start(fours ? sum_and_norm_row<4, Branch, Out> : sum_and_norm_row<1, Branch, Out>,
               one_block_a_row(shape), stream, x, branch, sum, shape.width, gate, norm);
}

#define SVGEN_FOR_OUT(Out)                                                                       \
  template cudaError_t layer_norm(const float*, const TokenShape&, const RowNorm<Out>&,          \
                                  cudaStream_t);                                                 \
  template cudaError_t gated_sum(const float*, const Out*, float*, const TokenShape&, ImageRows, \
                                 cudaStream_t);                                                  \
  template cudaError_t gated_sum_and_norm(const float*, const float*, float*, const TokenShape&, \
                                          ImageRows, const RowNorm<Out>&, cudaStream_t);         \
  template cudaError_t gated_sum_and_norm(const float*, const Bfloat16*, float*,                 \
                                          const TokenShape&, ImageRows, const RowNorm<Out>&,     \
                                          cudaStream_t)
SVGEN_FOR_OUT(float);
SVGEN_FOR_OUT(Bfloat16);
#undef SVGEN_FOR_OUT

}  // namespace svgen::ops::cuda
