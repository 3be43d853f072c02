// SPDX-License-Identifier: MIT
// The blocks of convolutional encoders and decoders: GroupNorm with swish, ResnetBlock, AttnBlock,
// Downsample, Upsample.
//
// Activations are (N, C, H, W) in channels-last memory; the weights may have either layout.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "nn/state.h"
#include "ops/convolution.h"

namespace svgen::nn {

/// Channels-last memory with the strides of a whole batch. A batch of one may call other strides
/// contiguous too, and the library's convolutions choose their method by them.
at::Tensor channels_last(const at::Tensor& x);

/// A convolution with stride 1 that keeps the size; kernel 1 or 3. The options are for 3.
struct Conv2d {
  Conv2d(int64_t in_channels, int64_t out_channels, int64_t kernel_size)
      : in(in_channels), out(out_channels), kernel(kernel_size) {}

  void visit(const StateScope& state);
  at::Tensor operator()(const at::Tensor& x, const ops::ConvolutionOptions& options = {})
      const;  // (N, in, H, W) -> (N, out, H, W)

  int64_t in, out, kernel;
  at::Tensor weight, bias;  // (out, in, kernel, kernel), (out)
};

/// GroupNorm, eps 1e-6, affine per channel.
struct GroupNorm {
  GroupNorm(int64_t channel_count, int64_t group_count)
      : channels(channel_count), groups(group_count) {}

  void visit(const StateScope& state);
  at::Tensor operator()(const at::Tensor& x) const;
  at::Tensor then_swish(const at::Tensor& x) const;  // y sigmoid(y) of the above

  int64_t channels, groups;
  at::Tensor weight, bias;
};

/// x + conv2(swish(norm2(conv1(swish(norm1(x)))))), x through a 1x1 convolution where in != out.
struct ResnetBlock {
  ResnetBlock(int64_t in, int64_t out, int64_t groups);

  void visit(const StateScope& state);
  at::Tensor operator()(const at::Tensor& x) const;  // (N, in, H, W) -> (N, out, H, W)

  GroupNorm norm1;
  Conv2d conv1;
  GroupNorm norm2;
  Conv2d conv2;
  std::optional<Conv2d> nin_shortcut;
};

/// x + proj_out(attention of one head over all positions of norm(x)).
struct AttnBlock {
  AttnBlock(int64_t channels, int64_t groups);

  void visit(const StateScope& state);
  at::Tensor operator()(const at::Tensor& x) const;  // (N, C, H, W)

  GroupNorm norm;
  Conv2d q, k, v, proj_out;
};

/// A 3x3 convolution of every other pixel, with a row of zeros below and a column to the right:
/// half the size, for even sides.
struct Downsample {
  explicit Downsample(int64_t channel_count) : channels(channel_count) {}

  void visit(const StateScope& state);
  /// Lays the weight out as the matrix of the product that this is, for inference. Once, before it
  /// is packed.
  void arrange();
  at::Tensor operator()(const at::Tensor& x) const;  // (N, C, 2h, 2w) -> (N, C, h, w)

  int64_t channels;
  bool is_arranged = false;
  at::Tensor weight, bias;  // (C, C, 3, 3), arranged (C, 9 C); (C)
};

/// Nearest neighbour to twice the size, then a 3x3 convolution.
struct Upsample {
  explicit Upsample(int64_t channels) : conv(channels, channels, 3) {}

  void visit(const StateScope& state) { conv.visit(state.child("conv")); }
  at::Tensor operator()(const at::Tensor& x) const;  // (N, C, H, W) -> (N, C, 2H, 2W)

  Conv2d conv;
};

}  // namespace svgen::nn
