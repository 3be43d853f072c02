// SPDX-License-Identifier: MIT
// Group normalisation of channels-last images: sums per channel over slices of the pixels, one
// affine map per channel from them, and its application. Limited by memory: two reads and a write.
#include <algorithm>

#include "ops/cuda/launch.cuh"
#include "ops/cuda/reduce.cuh"

namespace svgen::ops::cuda {
namespace {

constexpr int kThreads = 256, kMapThreads = 128;
// Enough slices for every device, and few enough that their sums are little beside the pixels.
constexpr int64_t kMostSlices = 256, kFewestPixels = 8;

struct Slices {
  int64_t pixels, count;  // of each but the last; of the image
};

Slices slices_of(int64_t pixels) {
  const int64_t each = std::max(kFewestPixels, (pixels + kMostSlices - 1) / kMostSlices);
  return {each, (pixels + each - 1) / each};
}

// A thread keeps to one pack of channels, threadIdx.x, and takes every blockDim.y-th pixel of its
// block's slice. Blocks: slices in x, tiles of channels in y, images in z.
struct Place {
  int64_t channel;             // the first of the pack
  int64_t first, last, image;  // pixels of the slice

  __device__ Place(int64_t pixels, int64_t slice_pixels, int pack)
      : channel((int64_t{blockIdx.y} * blockDim.x + threadIdx.x) * pack),
        first(blockIdx.x * slice_pixels),
        last(first + slice_pixels < pixels ? first + slice_pixels : pixels),
        image(blockIdx.z) {}
};

template <int kPack, typename In>
__global__ void __launch_bounds__(kThreads)
    sum_channels(const In* __restrict__ x, Sums* __restrict__ partial, int64_t pixels,
                 int64_t channels, int64_t slice_pixels) {
  __shared__ double totals[kPack * kThreads], squares[kPack * kThreads];
  const Place place(pixels, slice_pixels, kPack);
  double total[kPack] = {}, square[kPack] = {};
  if (place.channel < channels) {
    const In* column = x + place.image * pixels * channels + place.channel;
#pragma unroll 4
    for (int64_t pixel = place.first + threadIdx.y; pixel < place.last; pixel += blockDim.y) {
      const Pack<kPack> v = load<kPack>(column + pixel * channels);
#pragma unroll
      for (int j = 0; j < kPack; ++j) {
        const double value = v.value[j];
        total[j] += value;
        square[j] += value * value;
      }
    }
  }
  // Packs side by side and not their elements, so that a warp's accesses share no bank.
  const int tile = blockDim.x, threads = blockDim.x * blockDim.y;
  const int own = threadIdx.y * tile + threadIdx.x;
#pragma unroll
  for (int j = 0; j < kPack; ++j) {
    totals[j * threads + own] = total[j];
    squares[j * threads + own] = square[j];
  }
  __syncthreads();
  if (threadIdx.y != 0 || place.channel >= channels) return;
  Sums* to = partial + (place.image * gridDim.x + blockIdx.x) * channels + place.channel;
  for (int j = 0; j < kPack; ++j) {
    Sums all{};
    for (int from = threadIdx.x; from < threads; from += tile) {
      all.total += totals[j * threads + from];
      all.squares += squares[j * threads + from];
    }
    to[j] = all;
  }
}

// (x - centre) * gain + bias per channel. Taking the centre off first keeps a small deviation
// around a large mean exact.
struct ChannelMap {
  float *centre, *gain, *bias;  // (images, channels) each
};

// A block for each group in x and image in y.
template <typename Parameter>
__global__ void __launch_bounds__(kMapThreads)
    map_of_group(const Sums* __restrict__ partial, int64_t slices, GroupNormShape shape,
                 const Parameter* __restrict__ weight, const Parameter* __restrict__ bias,
                 double eps, ChannelMap map) {
  __shared__ double mean, scale;
  const auto width = static_cast<unsigned>(shape.channels / shape.groups);
  const int64_t first = int64_t{blockIdx.x} * width;
  const Sums* image = partial + blockIdx.y * slices * shape.channels + first;
  const unsigned count = static_cast<unsigned>(slices) * width;
  Sums own{};
  for (unsigned i = threadIdx.x; i < count; i += kMapThreads) {
    const Sums part = image[i / width * shape.channels + i % width];
    own.total += part.total;
    own.squares += part.squares;
  }
  const Sums all = added_over_block<kMapThreads>(own);
  if (threadIdx.x == 0) {
    const double values = static_cast<double>(width) * static_cast<double>(shape.pixels);
    mean = all.total / values;
    const double variance = all.squares / values - mean * mean;
    scale = 1 / sqrt((variance > 0 ? variance : 0) + eps);
  }
  __syncthreads();
  for (int64_t c = first + threadIdx.x; c < first + width; c += kMapThreads) {
    const int64_t to = blockIdx.y * shape.channels + c;
    const float centre = static_cast<float>(mean);
    const double gain = scale * to_float(weight[c]);
    map.centre[to] = centre;
    map.gain[to] = static_cast<float>(gain);
    map.bias[to] = static_cast<float>(to_float(bias[c]) + (centre - mean) * gain);
  }
}

// The fast instructions are far more exact than bfloat16 and half of the arithmetic.
template <typename Out>
__device__ float swish_of(float z) {
  if constexpr (sizeof(Out) == sizeof(float))
    return z / (1.0f + expf(-z));
  else
    return __fdividef(z, 1.0f + __expf(-z));
}

template <int kPack, typename In, typename Out>
__global__ void __launch_bounds__(kThreads)
    apply_map(const In* __restrict__ x, Out* __restrict__ y, int64_t pixels, int64_t channels,
              int64_t slice_pixels, ChannelMap map, bool swish) {
  const Place place(pixels, slice_pixels, kPack);
  if (place.channel >= channels) return;
  const int64_t of_map = place.image * channels + place.channel;
  const Pack<kPack> centre = load<kPack>(map.centre + of_map),
                    gain = load<kPack>(map.gain + of_map), bias = load<kPack>(map.bias + of_map);
  const int64_t step = blockDim.y * channels;
  int64_t at = (place.image * pixels + place.first + threadIdx.y) * channels + place.channel;
#pragma unroll 2
  for (int64_t pixel = place.first + threadIdx.y; pixel < place.last; pixel += blockDim.y) {
    Pack<kPack> v = load<kPack>(x + at);
#pragma unroll
    for (int j = 0; j < kPack; ++j) {
      const float z = (v.value[j] - centre.value[j]) * gain.value[j] + bias.value[j];
      v.value[j] = swish ? swish_of<Out>(z) : z;
    }
    store(y + at, v);
    at += step;
  }
}

int64_t partial_bytes(const GroupNormShape& shape) {
  return shape.images * slices_of(shape.pixels).count * shape.channels *
         static_cast<int64_t>(sizeof(Sums));
}

template <int kPack, typename In, typename Out, typename Parameter>
cudaError_t in_three_passes(const In* x, Out* y, const GroupNormShape& shape,
                            const Parameter* weight, const Parameter* bias, double eps, bool swish,
                            Sums* partial, const ChannelMap& map, cudaStream_t stream) {
  const Slices slices = slices_of(shape.pixels);
  const auto packs = static_cast<unsigned>(shape.channels / kPack);
  const unsigned lanes = std::min<unsigned>(packs, kThreads);
  const auto images = static_cast<unsigned>(shape.images);
  const Launch over_pixels = {
      dim3(static_cast<unsigned>(slices.count), blocks_for(packs, lanes), images),
      dim3(lanes, kThreads / lanes)};
  const Launch over_groups = {dim3(static_cast<unsigned>(shape.groups), images), kMapThreads};
  cudaError_t error = start(sum_channels<kPack, In>, over_pixels, stream, x, partial, shape.pixels,
                            shape.channels, slices.pixels);
  if (error != cudaSuccess) return error;
  error = start(map_of_group<Parameter>, over_groups, stream, partial, slices.count, shape, weight,
                bias, eps, map);
  if (error != cudaSuccess) return error;
  return start(apply_map<kPack, In, Out>, over_pixels, stream, x, y, shape.pixels, shape.channels,
               slices.pixels, map, swish);
}

}  // namespace

size_t group_norm_scratch(const GroupNormShape& shape) {
  return static_cast<size_t>(partial_bytes(shape)) +
         static_cast<size_t>(3 * shape.images * shape.channels) * sizeof(float);
}

template <typename In, typename Out, typename Parameter>
cudaError_t group_norm(const In* x, Out* y, const GroupNormShape& shape, const Parameter* weight,
                       const Parameter* bias, double eps, bool swish, void* scratch,
                       cudaStream_t stream) {
  // 16 bytes of the wider type.
  constexpr int kPack = sizeof(In) == sizeof(Bfloat16) && sizeof(Out) == sizeof(Bfloat16) ? 8 : 4;
  const int64_t of_map = shape.images * shape.channels;
  if (of_map * shape.pixels == 0) return cudaSuccess;
  auto* partial = static_cast<Sums*>(scratch);
  auto* maps = reinterpret_cast<float*>(static_cast<char*>(scratch) + partial_bytes(shape));
  const ChannelMap map = {maps, maps + of_map, maps + 2 * of_map};
  const bool packed = in_packs<kPack>(shape.channels, x, y);
  const auto run =
      packed ? in_three_passes<kPack, In, Out, Parameter> : in_three_passes<1, In, Out, Parameter>;
  return run(x, y, shape, weight, bias, eps, swish, partial, map, stream);
}

#define SVGEN_FOR(In, Out)                                                                 \
  template cudaError_t group_norm(const In*, Out*, const GroupNormShape&, const float*,    \
                                  const float*, double, bool, void*, cudaStream_t);        \
  template cudaError_t group_norm(const In*, Out*, const GroupNormShape&, const Bfloat16*, \
                                  const Bfloat16*, double, bool, void*, cudaStream_t)
SVGEN_FOR(float, float);
SVGEN_FOR(float, Bfloat16);
SVGEN_FOR(Bfloat16, float);
SVGEN_FOR(Bfloat16, Bfloat16);
#undef SVGEN_FOR

}  // namespace svgen::ops::cuda
