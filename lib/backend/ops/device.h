// SPDX-License-Identifier: MIT
// The operations on a CUDA device: calls the kernels of ops/cuda with the library's tensors.
//
// They exist where nvcc and a CUDA LibTorch do (SVGEN_CUDA); elsewhere kPresent is false, and a
// call must stand behind `if constexpr (kPresent)`. The work goes to the current stream of the
// tensor's device. A kernel that cannot be launched throws DeviceError.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/InferenceMode.h>

#include <utility>

#include "ops/attention.h"
#include "ops/convolution.h"

namespace svgen::ops::device {

#ifdef SVGEN_CUDA
inline constexpr bool kPresent = true;
#else
inline constexpr bool kPresent = false;
#endif

/// Whether x is computed by these: on CUDA, in float32 or bfloat16, in inference mode.
inline bool takes(const at::Tensor& x) {
  return kPresent && x.is_cuda() &&
         (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) &&
         c10::InferenceMode::is_enabled();
}

/// LN(x) (base + scale) + shift as in ops.h, for x in float32 and `result` float32 or bfloat16; LN
/// takes the mean off where it is `centred`.
at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& shift, const at::Tensor& scale,
                      float base, double eps, at::ScalarType result, bool centred = true);

/// Works as in ops.h, for x in float32 and a branch in float32 or bfloat16.
at::Tensor gated_sum(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& branch);

/// Works as in ops.h, for x and y contiguous and alike, float32 or bfloat16.
at::Tensor silu_product(const at::Tensor& x, const at::Tensor& y);

/// Works as in ops.h, for x contiguous, float32 or bfloat16.
at::Tensor silu_halves(const at::Tensor& x);

/// The gated sum and, from the same pass, its modulated layer norm in dtype `result`.
std::pair<at::Tensor, at::Tensor> gated_sum_and_norm(const at::Tensor& x, const at::Tensor& gate,
                                                     const at::Tensor& branch,
                                                     const at::Tensor& shift,
                                                     const at::Tensor& scale, double eps,
                                                     at::ScalarType result, bool centred = true);

/// Group normalisation of channels-last x (N, C, H, W), then SiLU when `swish`: of x's dtype and
/// layout. weight and bias (C), both float32 or both bfloat16.
at::Tensor group_norm(const at::Tensor& x, int64_t groups, const at::Tensor& weight,
                      const at::Tensor& bias, double eps, bool swish);

/// Works as in convolution.h, for channels-last x: the library's convolution, with one pass before
/// and one behind for the rest. x and W have one dtype, float32 or bfloat16.
at::Tensor conv2d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                  const ConvolutionOptions& options);

/// Works as in attention.h, with both norms or neither, by the library's fused attention in
/// options.product.
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const AttentionOptions& options);

/// gelu_tanh(x W^T + bias) in the product's epilogue, of x (..., in), W (out, in), bias (out).
at::Tensor linear_gelu_tanh(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

/// An 8-bit picture in a device's bytes (n): channel c of pixel (y, x) at plane[c] + y * row +
/// x * pixel.
struct PictureBytes {
  at::Tensor bytes;
  int64_t plane[3];
  int64_t row, pixel;
};

/// to[c] = (level / divisor - mean[c]) / deviation[c], for `to` (3, H, W) of any strides in float32
/// or bfloat16.
struct LevelMap {
  float divisor;
  float mean[3], deviation[3];
};
void read_levels(const PictureBytes& from, const at::Tensor& to, const LevelMap& map);

/// floor(255 (x + 1) / 2 + 0.5), clamped to 0 .. 255: (3, H, W) uint8, contiguous, of x (3, H, W)
/// of any strides.
at::Tensor levels(const at::Tensor& x);

}  // namespace svgen::ops::device
