// SPDX-License-Identifier: MIT
// The device kernels behind ops.h: raw device pointers and a stream, nothing of LibTorch.
//
// Each starts its work on the stream and returns the error of the launch. Where a host kernel of
// the same name exists (cpu/kernels.h), its formula and argument order are the definition. Sums
// have one order for one shape on every device: no atomics.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "ops/cpu/kernels.h"

namespace svgen::ops::cuda {

using cpu::Bfloat16;
using cpu::GroupNormShape;
using cpu::HeadRows;
using cpu::TokenShape;

/// z[i] = silu(x[i]) y[i] for i < count. T: float or Bfloat16.
template <typename T>
cudaError_t silu_product(const T* x, const T* y, T* z, int64_t count, cudaStream_t stream);

/// z (rows, half) of x (rows, 2 half). T: float or Bfloat16.
template <typename T>
cudaError_t silu_halves(const T* x, T* z, int64_t rows, int64_t half, cudaStream_t stream);

/// One row of `width` for each image, `stride` elements apart.
struct ImageRows {
  const float* data;
  int64_t stride;
};

/// Describes the result for normalised rows: y = LN(x) (base + scale) + shift. LN takes the mean
/// off where it is `centred`.
template <typename Out>
struct RowNorm {
  Out* y;
  ImageRows shift, scale;
  float base;
  double eps;
  bool centred = true;
};

/// Statistics in float32. Out: float or Bfloat16.
template <typename Out>
cudaError_t layer_norm(const float* x, const TokenShape& shape, const RowNorm<Out>& norm,
                       cudaStream_t stream);

/// y = x + gate branch, or x + branch without a gate (null). Branch: float or Bfloat16.
template <typename Branch>
cudaError_t gated_sum(const float* x, const Branch* branch, float* y, const TokenShape& shape,
                      ImageRows gate, cudaStream_t stream);

/// sum = x + gate branch, and the norm of it from the same pass.
template <typename Branch, typename Out>
cudaError_t gated_sum_and_norm(const float* x, const Branch* branch, float* sum,
                               const TokenShape& shape, ImageRows gate, const RowNorm<Out>& norm,
                               cudaStream_t stream);

/// Bytes of scratch memory that group_norm wants, aligned to 32.
size_t group_norm_scratch(const GroupNormShape& shape);

/// Group normalisation of x (images, pixels, channels), then y sigmoid(y) when `swish`; weight and
/// bias (channels). Sums are float64. x, y and the parameters: float or Bfloat16 each.
template <typename In, typename Out, typename Parameter>
cudaError_t group_norm(const In* x, Out* y, const GroupNormShape& shape, const Parameter* weight,
                       const Parameter* bias, double eps, bool swish, void* scratch,
                       cudaStream_t stream);

/// Describes one of q, k, v as it lies in their common product, and where it goes. The elements of
/// a head are neighbours. An affine layer norm over the head, a root mean square norm where `bias`
/// is null, none where `weight` is, then the rotation.
template <typename T, typename Parameter>
struct HeadPart {
  const T* x;
  HeadRows rows;
  T* y;  // (images, tokens, heads, head), dense
  const Parameter* weight;
  const Parameter* bias;
  double eps;
  cpu::HeadRotation rotation;
};

/// The parts of one product, up to three, with one launch.
constexpr int kMostParts = 3;

template <typename T, typename Parameter>
struct HeadParts {
  HeadPart<T, Parameter> part[kMostParts];
  int count;
};

/// Cuts the parts apart, normalises and turns them. T and the parameters: float or
/// Bfloat16 each.
template <typename T, typename Parameter>
cudaError_t split_heads(const HeadParts<T, Parameter>& parts, const cpu::AttentionShape& shape,
                        cudaStream_t stream);

/// y[pixel, c] += bias[c] + added[pixel, c] of channels-last pixels; `added` may be null. T: float
/// or Bfloat16.
template <typename T>
cudaError_t add_channels(T* y, const T* bias, const T* added, int64_t pixels, int64_t channels,
                         cudaStream_t stream);

struct PictureShape {
  int64_t images, height, width, channels;
};

/// Copies each pixel of x (shape, channels-last) to 2x2 of y. T: float or Bfloat16.
template <typename T>
cudaError_t double_size(const T* x, T* y, const PictureShape& shape, cudaStream_t stream);

/// 8-bit pixels in device memory: channel c of (y, x) at plane[c] + y * row + x * pixel.
template <typename Byte>
struct PixelBytes {
  Byte* plane[3];
  int64_t row, pixel;  // bytes
};

/// Three channels of numbers: element (c, y, x) at data[c * channel + y * row + x * pixel].
template <typename T>
struct PixelNumbers {
  T* data;
  int64_t channel, row, pixel;  // elements
};

struct PixelShape {
  int64_t height, width;
};

/// Maps a level to (level / divisor - mean) / deviation, in float32.
struct LevelMap {
  float divisor;
  float mean[3], deviation[3];
};

/// T: float or Bfloat16.
template <typename T>
cudaError_t read_levels(const PixelBytes<const uint8_t>& from, const PixelNumbers<T>& to,
                        PixelShape shape, const LevelMap& map, cudaStream_t stream);

/// floor(255 (x + 1) / 2 + 0.5), clamped to 0 .. 255; 0 for what is not a number. T: float or
/// Bfloat16. Bytes between the pixels' channels are left as they are.
template <typename T>
cudaError_t write_levels(const PixelNumbers<const T>& from, const PixelBytes<uint8_t>& to,
                         PixelShape shape, cudaStream_t stream);

}  // namespace svgen::ops::cuda
