// SPDX-License-Identifier: MIT
// The blocks of convolutional encoders and decoders.
#include "nn/conv_blocks.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/constant_pad_nd.h>

#include <cmath>

#include "nn/linear.h"
#include "ops/attention.h"
#include "ops/device.h"
#include "ops/ops.h"

namespace svgen::nn {
namespace {

constexpr double kGroupNormEps = 1e-6;

at::Tensor normalise(const GroupNorm& norm, const at::Tensor& x, ops::Activation activation) {
  return ops::group_norm(x, norm.groups, norm.weight.to(x.scalar_type()),
                         norm.bias.to(x.scalar_type()), kGroupNormEps, activation);
}

// Returns the dtype of the pictures between the blocks: pictures are large, and where the device's
// kernels compute in float32 inside, half of the bytes are enough between them.
at::ScalarType picture_dtype(const at::Tensor& weight) {
  return ops::device::takes(weight) ? weight.scalar_type() : carried_dtype(weight);
}

// The channels of each position as one token, (N, H W, C); a view of channels-last memory.
at::Tensor tokens_of(const at::Tensor& x) {
  return x.permute({0, 2, 3, 1}).flatten(1, 2);
}

}  // namespace

at::Tensor channels_last(const at::Tensor& x) {
  const int64_t n = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
  return x.permute({0, 2, 3, 1}).reshape({-1}).view({n, h, w, c}).permute({0, 3, 1, 2});
}

void Conv2d::visit(const StateScope& state) {
  state("weight", weight, {out, in, kernel, kernel}, SlotKind::kPackable);
  state("bias", bias, {out});
}

at::Tensor Conv2d::operator()(const at::Tensor& x, const ops::ConvolutionOptions& options) const {
  if (kernel > 1)
    return ops::conv2d(x, weight, bias, options).to(picture_dtype(weight));  // (N, out, H, W)
  // A 1x1 convolution is a matrix product; the library's convolution of that size sums in an order
  // that depends on the number of threads.
  // A packed weight is a matrix already, whose memory is not what its sizes seem to say.
  const at::Tensor matrix = weight.dim() == 4 ? weight.flatten(1) : weight;
  return product(x.permute({0, 2, 3, 1}), matrix, bias)  // (N, H, W, out)
      .to(picture_dtype(weight))
      .permute({0, 3, 1, 2});  // (N, out, H, W)
}

void GroupNorm::visit(const StateScope& state) {
  state("weight", weight, {channels});
  state("bias", bias, {channels});
}

at::Tensor GroupNorm::operator()(const at::Tensor& x) const {
  return normalise(*this, x, ops::Activation::kNone);
}

at::Tensor GroupNorm::then_swish(const at::Tensor& x) const {
  return normalise(*this, x, ops::Activation::kSwish);
}

ResnetBlock::ResnetBlock(int64_t in, int64_t out, int64_t groups)
    : norm1(in, groups), conv1(in, out, 3), norm2(out, groups), conv2(out, out, 3) {
  if (in != out) nin_shortcut.emplace(in, out, 1);
}

void ResnetBlock::visit(const StateScope& state) {
  norm1.visit(state.child("norm1"));
  conv1.visit(state.child("conv1"));
  norm2.visit(state.child("norm2"));
  conv2.visit(state.child("conv2"));
  if (nin_shortcut) nin_shortcut->visit(state.child("nin_shortcut"));
}

at::Tensor ResnetBlock::operator()(const at::Tensor& x) const {
  const at::Tensor h = conv1(norm1.then_swish(x));  // (N, out, H, W)
  return conv2(norm2.then_swish(h), {.added = nin_shortcut ? (*nin_shortcut)(x) : x});
}

AttnBlock::AttnBlock(int64_t channels, int64_t groups)
    : norm(channels, groups),
      q(channels, channels, 1),
      k(channels, channels, 1),
      v(channels, channels, 1),
      proj_out(channels, channels, 1) {}

void AttnBlock::visit(const StateScope& state) {
  norm.visit(state.child("norm"));
  q.visit(state.child("q"));
  k.visit(state.child("k"));
  v.visit(state.child("v"));
  proj_out.visit(state.child("proj_out"));
}

at::Tensor AttnBlock::operator()(const at::Tensor& x) const {
  const int64_t n = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
  const at::Tensor y = norm(x);
  const auto one_head = [](const at::Tensor& z) { return tokens_of(z).unsqueeze(1); };
  const at::Tensor mixed = ops::attention(
      one_head(q(y)), one_head(k(y)), one_head(v(y)),
      {.scale = 1 / std::sqrt(static_cast<double>(c)), .product = q.weight.scalar_type()});
  return x + proj_out(mixed.view({n, h, w, c}).permute({0, 3, 1, 2}));  // (N, C, H, W)
}

namespace {

// The weight (out, in, 3, 3) as the matrix of a product with patches (3, 3, in).
at::Tensor as_matrix(const at::Tensor& weight) {
  return weight.permute({0, 2, 3, 1}).flatten(1);
}

}  // namespace

void Downsample::visit(const StateScope& state) {
  const StateScope conv = state.child("conv");
  if (is_arranged)
    conv("weight", weight, {channels, 9 * channels}, SlotKind::kPackable);
  else
    conv("weight", weight, {channels, channels, 3, 3});
  conv("bias", bias, {channels});
}

void Downsample::arrange() {
  weight = as_matrix(weight).contiguous();
  is_arranged = true;
}

at::Tensor Downsample::operator()(const at::Tensor& x) const {
  const int64_t n = x.size(0), c = x.size(1), h = x.size(2) / 2, w = x.size(3) / 2;
  const at::Tensor pixels =
      at::constant_pad_nd(x.permute({0, 2, 3, 1}), {0, 0, 0, 1, 0, 1}).contiguous();
  const int64_t row = pixels.stride(1), column = pixels.stride(2);
  const at::Tensor patches =
      pixels.as_strided({n, h, w, 3, 3, c}, {pixels.stride(0), 2 * row, 2 * column, row, column, 1})
          .reshape({n, h * w, 9 * c});
  return product(patches, is_arranged ? weight : as_matrix(weight), bias)  // (N, h w, C)
      .to(picture_dtype(weight))
      .view({n, h, w, c})
      .permute({0, 3, 1, 2});
}

at::Tensor Upsample::operator()(const at::Tensor& x) const {
  return conv(x, {.doubles = true});  // (N, C, 2H, 2W)
}

}  // namespace svgen::nn
