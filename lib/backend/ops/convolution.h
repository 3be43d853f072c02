// SPDX-License-Identifier: MIT
// The decoder's 3x3 convolution, with what stands around it in the same pass.
#pragma once

#include <ATen/core/Tensor.h>

namespace svgen::ops {

struct ConvolutionOptions {
  bool doubles = false;  // x at twice its height and width first, by the nearest neighbour
  at::Tensor added;      // (N, out, H, W) as the result, or undefined
};

/// The convolution of x (N, in, H, W) with W (out, in, k, k) plus bias (out) plus `added`; k is
/// odd, the size is kept. For 3x3 kernels on a CPU in inference mode this is Winograd's method in
/// float32 throughout, whatever W has; else the library's operator in the dtype of W, which is then
/// the result's. Channels-last in memory for such an x.
at::Tensor conv2d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                  const ConvolutionOptions& options = {});

/// Returns W (out, in, 3, 3) with memory as (3, 3, in, out), from which conv2d() starts at once.
at::Tensor with_taps_outermost(const at::Tensor& weight);

}  // namespace svgen::ops
