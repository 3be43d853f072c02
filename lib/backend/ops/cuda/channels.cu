// SPDX-License-Identifier: MIT
// The operations around a convolution of channels-last pictures: its bias and the residual, and
// pictures of twice the size. Limited by memory.
#include "ops/cuda/launch.cuh"
#include "ops/cuda/pack.cuh"

namespace svgen::ops::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kPixelsEach = 4;  // of a thread, in flight at once

// A thread keeps to one pack of channels, threadIdx.x. Blocks: pixels in x, tiles of channels in y.
struct Place {
  int64_t channel, first;

  __device__ Place(int pack, int64_t pixels_each)
      : channel((int64_t{blockIdx.y} * blockDim.x + threadIdx.x) * pack),
        first(int64_t{blockIdx.x} * blockDim.y * pixels_each + threadIdx.y) {}
};

Launch over_pixels(int64_t pixels, int64_t packs, int64_t pixels_each) {
  const auto lanes = static_cast<unsigned>(packs < kThreads ? packs : kThreads);
  const unsigned rows = kThreads / lanes;
  return {dim3(blocks_for(pixels, rows * pixels_each), blocks_for(packs, lanes)),
          dim3(lanes, rows)};
}

template <int kPack, typename T>
__global__ void __launch_bounds__(kThreads)
    add(T* __restrict__ y, const T* __restrict__ bias, const T* __restrict__ added, int64_t pixels,
        int64_t channels) {
  const Place place(kPack, kPixelsEach);
  if (place.channel >= channels) return;
  const Pack<kPack> offset = load<kPack>(bias + place.channel);
#pragma unroll
  for (int64_t i = 0; i < kPixelsEach; ++i) {
    const int64_t pixel = place.first + i * blockDim.y;
    if (pixel >= pixels) return;
    const int64_t at = pixel * channels + place.channel;
    Pack<kPack> v = load<kPack>(y + at);
#pragma unroll
    for (int j = 0; j < kPack; ++j) v.value[j] += offset.value[j];
    if (added != nullptr) {
      const Pack<kPack> other = load<kPack>(added + at);
#pragma unroll
      for (int j = 0; j < kPack; ++j) v.value[j] += other.value[j];
    }
    store(y + at, v);
  }
}

// `width` is of x; its rows of all images are one sequence.
template <int kPack, typename T>
__global__ void __launch_bounds__(kThreads)
    enlarge(const T* __restrict__ x, T* __restrict__ y, int64_t pixels, int64_t width,
            int64_t channels) {
  const Place place(kPack, 1);
  if (place.channel >= channels || place.first >= pixels) return;
  const int64_t row = place.first / width, column = place.first % width;
  const Pack<kPack> v = load<kPack>(x + place.first * channels + place.channel);
  T* to = y + (4 * row * width + 2 * column) * channels + place.channel;
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < 2; ++j) store(to + (2 * i * width + j) * channels, v);
}

}  // namespace

template <typename T>
cudaError_t add_channels(T* y, const T* bias, const T* added, int64_t pixels, int64_t channels,
                         cudaStream_t stream) {
  if (pixels * channels <= 0) return cudaSuccess;
  constexpr int kPack = 16 / sizeof(T);
  const bool packed = in_packs<kPack>(channels, y, bias, added);
  return start(packed ? add<kPack, T> : add<1, T>,
               over_pixels(pixels, packed ? channels / kPack : channels, kPixelsEach), stream, y,
               bias, added, pixels, channels);
}

template <typename T>
cudaError_t double_size(const T* x, T* y, const PictureShape& shape, cudaStream_t stream) {
  const int64_t pixels = shape.images * shape.height * shape.width;
  if (pixels * shape.channels <= 0) return cudaSuccess;
  constexpr int kPack = 16 / sizeof(T);
  const bool packed = in_packs<kPack>(shape.channels, x, y);
  return start(packed ? enlarge<kPack, T> : enlarge<1, T>,
               over_pixels(pixels, packed ? shape.channels / kPack : shape.channels, 1), stream, x,
               y, pixels, shape.width, shape.channels);
}

#define SVGEN_FOR(T)                                                                         \
  template cudaError_t add_channels(T*, const T*, const T*, int64_t, int64_t, cudaStream_t); \
  template cudaError_t double_size(const T*, T*, const PictureShape&, cudaStream_t)
SVGEN_FOR(float);
SVGEN_FOR(Bfloat16);
#undef SVGEN_FOR

}  // namespace svgen::ops::cuda
