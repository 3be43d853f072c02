// SPDX-License-Identifier: MIT
// The decoder's blocks: residual paths, sizes, layout and thread independence.
#include "nn/conv_blocks.h"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "backend/ops/threads.h"
#include "ops/products.h"

namespace svgen {
namespace {

at::Tensor picture(std::vector<int64_t> shape) {
  return test::wave(shape).contiguous(at::MemoryFormat::ChannelsLast);
}

TEST(Conv2d, OfOnePixelEqualsTheConvolution) {
  nn::Conv2d conv(8, 4, 1);
  test::fill(conv);
  const at::Tensor x = picture({2, 8, 3, 5});
  EXPECT_LT(test::largest_difference(conv(x), at::conv2d(x, conv.weight, conv.bias)), 1e-5);
}

TEST(Conv2d, KeepsSizeAndChannelsLastMemory) {
  for (int64_t kernel : {1, 3}) {
    nn::Conv2d conv(8, 16, kernel);
    test::fill(conv);
    const at::Tensor y = conv(picture({1, 8, 6, 4}));
    EXPECT_EQ(y.sizes().vec(), (std::vector<int64_t>{1, 16, 6, 4}));
    EXPECT_TRUE(y.is_contiguous(at::MemoryFormat::ChannelsLast));
  }
}

TEST(Conv2d, IsTheSameWithAPackedWeight) {
  const c10::InferenceMode inference;
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16})
    for (const int64_t kernel : {1, 3})
      for (const auto& [in, out] : {std::pair{4, 4}, {8, 40}, {64, 64}}) {
        nn::Conv2d conv(in, out, kernel);
        test::fill(conv);
        test::cast(conv, dtype);
        const at::Tensor x = picture({1, in, 8, 8}), plain = conv(x);
        conv.weight = ops::pack(conv.weight);
        EXPECT_LT(test::largest_difference(conv(x), plain), dtype == at::kFloat ? 1e-5 : 0.05)
            << in << " " << out << " " << kernel;
      }
}

TEST(GroupNorm, ThenSwishIsTheSwishOfIt) {
  nn::GroupNorm norm(8, 2);
  test::fill(norm);
  const at::Tensor x = picture({2, 8, 4, 4});
  EXPECT_LT(test::largest_difference(norm.then_swish(x), at::silu(norm(x))), 1e-6);
}

TEST(ResnetBlock, IsTheIdentityWithoutItsSecondConvolution) {
  nn::ResnetBlock block(8, 8, 2);
  test::fill(block);
  block.conv2.weight = at::zeros_like(block.conv2.weight);
  block.conv2.bias = at::zeros_like(block.conv2.bias);
  const at::Tensor x = picture({1, 8, 4, 4});
  EXPECT_TRUE(block(x).equal(x));
}

TEST(ResnetBlock, ChangesChannelsThroughAShortcut) {
  nn::ResnetBlock block(8, 4, 2);
  test::fill(block);
  ASSERT_TRUE(block.nin_shortcut.has_value());
  EXPECT_EQ(block(picture({1, 8, 4, 4})).size(1), 4);
}

TEST(AttnBlock, IsTheIdentityWithoutItsOutputProjection) {
  nn::AttnBlock block(8, 2);
  test::fill(block);
  block.proj_out.weight = at::zeros_like(block.proj_out.weight);
  block.proj_out.bias = at::zeros_like(block.proj_out.bias);
  const at::Tensor x = picture({2, 8, 3, 5});
  EXPECT_TRUE(block(x).equal(x));
}

TEST(Downsample, IsTheStridedConvolutionWithZerosAtTheFarEnds) {
  nn::Downsample downsample(4);
  test::fill(downsample);
  const at::Tensor x = picture({2, 4, 6, 8});
  const at::Tensor wanted =
      at::conv2d(at::constant_pad_nd(x, {0, 1, 0, 1}), downsample.weight, downsample.bias, {2, 2});
  EXPECT_LT(test::largest_difference(downsample(x), wanted), 1e-5);
  downsample.arrange();
  EXPECT_LT(test::largest_difference(downsample(x), wanted), 1e-5);
}

TEST(Upsample, DoublesBothSides) {
  nn::Upsample upsample(4);
  test::fill(upsample);
  EXPECT_EQ(upsample(picture({1, 4, 3, 5})).sizes().vec(), (std::vector<int64_t>{1, 4, 6, 10}));
}

TEST(ConvBlocks, GiveTheSameBitsWithAnyThreads) {
  nn::ResnetBlock block(64, 32, 8);
  nn::AttnBlock attention(64, 8);
  nn::Upsample upsample(64);
  test::fill(block);
  test::fill(attention);
  test::fill(upsample);
  const at::Tensor x = picture({1, 64, 16, 16});
  test::expect_same_with_any_threads([&] { return block(upsample(attention(x))); });
  for (auto cast_all : {at::kBFloat16}) {
    test::cast(block, cast_all);
    test::cast(attention, cast_all);
    test::cast(upsample, cast_all);
  }
  test::expect_same_with_any_threads([&] { return block(upsample(attention(x))); });
}

}  // namespace
}  // namespace svgen
