// SPDX-License-Identifier: MIT
// 8-bit pixels to numbers and back, a thread for each pixel: neighbours in a row share the bytes of
// a line of memory, whatever the packing.
#include "ops/cuda/launch.cuh"
#include "ops/cuda/pack.cuh"

namespace svgen::ops::cuda {
namespace {

constexpr unsigned kThreads = 128;

// Blocks: parts of a row in x, rows in y.
__device__ int64_t column_of_thread() {
  return int64_t{blockIdx.x} * kThreads + threadIdx.x;
}

template <typename T>
__global__ void __launch_bounds__(kThreads)
    read_row(PixelBytes<const uint8_t> from, PixelNumbers<T> to, int64_t width, LevelMap map) {
  const int64_t x = column_of_thread(), y = blockIdx.y;
  if (x >= width) return;
  const int64_t source = y * from.row + x * from.pixel, target = y * to.row + x * to.pixel;
#pragma unroll
  for (int c = 0; c < 3; ++c) {
    const auto level = static_cast<float>(from.plane[c][source]);
    to.data[target + c * to.channel] =
        from_float<T>((level / map.divisor - map.mean[c]) / map.deviation[c]);
  }
}

__device__ uint8_t level_of(float x) {
  const float level = floorf(255.0f * (x + 1.0f) / 2.0f + 0.5f);
  return level > 0 ? static_cast<uint8_t>(fminf(level, 255.0f)) : uint8_t{0};
}

template <typename T>
__global__ void __launch_bounds__(kThreads)
    write_row(PixelNumbers<const T> from, PixelBytes<uint8_t> to, int64_t width) {
  const int64_t x = column_of_thread(), y = blockIdx.y;
  if (x >= width) return;
  const int64_t source = y * from.row + x * from.pixel, target = y * to.row + x * to.pixel;
#pragma unroll
  for (int c = 0; c < 3; ++c)
    to.plane[c][target] = level_of(to_float(from.data[source + c * from.channel]));
}

Launch one_thread_a_pixel(PixelShape shape) {
  return {dim3(blocks_for(shape.width, kThreads), static_cast<unsigned>(shape.height)), kThreads};
}

}  // namespace

template <typename T>
cudaError_t read_levels(const PixelBytes<const uint8_t>& from, const PixelNumbers<T>& to,
                        PixelShape shape, const LevelMap& map, cudaStream_t stream) {
  if (shape.height * shape.width == 0) return cudaSuccess;
  return start(read_row<T>, one_thread_a_pixel(shape), stream, from, to, shape.width, map);
}

template <typename T>
cudaError_t write_levels(const PixelNumbers<const T>& from, const PixelBytes<uint8_t>& to,
                         PixelShape shape, cudaStream_t stream) {
  if (shape.height * shape.width == 0) return cudaSuccess;
  return start(write_row<T>, one_thread_a_pixel(shape), stream, from, to, shape.width);
}

#define SVGEN_FOR(T)                                                                          \
  template cudaError_t read_levels(const PixelBytes<const uint8_t>&, const PixelNumbers<T>&,  \
                                   PixelShape, const LevelMap&, cudaStream_t);                \
  template cudaError_t write_levels(const PixelNumbers<const T>&, const PixelBytes<uint8_t>&, \
                                    PixelShape, cudaStream_t)
SVGEN_FOR(float);
SVGEN_FOR(Bfloat16);
#undef SVGEN_FOR

}  // namespace svgen::ops::cuda
