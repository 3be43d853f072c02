// SPDX-License-Identifier: MIT
// Operations: equal to the library's, differentiable, the same with any number of threads.
#include "ops/ops.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "backend/ops/threads.h"

namespace svgen {
namespace {

using test::expect_same_with_any_threads;
using test::largest_difference;
using test::wave;

struct Elementwise {
  const char* name;
  at::Tensor (*ours)(const at::Tensor&);
  at::Tensor (*library)(const at::Tensor&);
};

const Elementwise kElementwise[] = {
    {"silu", ops::silu, [](const at::Tensor& x) { return at::silu(x); }},
    {"gelu_erf", ops::gelu_erf, [](const at::Tensor& x) { return at::gelu(x); }},
    {"gelu_tanh", ops::gelu_tanh, [](const at::Tensor& x) { return at::gelu(x, "tanh"); }},
};

class ElementwiseOps : public testing::TestWithParam<Elementwise> {};

TEST_P(ElementwiseOps, EqualTheLibraryOnAwkwardSizes) {
  for (int64_t size : {0, 1, 15, 16, 17, 8192, 8193, 70007}) {
    const at::Tensor x = wave({size}, 0.2, 4);
    const at::Tensor y = GetParam().ours(x);
    ASSERT_EQ(y.numel(), size);
    if (size == 0) continue;
    EXPECT_LT(largest_difference(y, GetParam().library(x.to(at::kDouble))), 1e-6) << size;
  }
}

TEST_P(ElementwiseOps, KeepTheLayoutOfTheirInput) {
  const at::Tensor x = wave({2, 5, 7, 3});
  const at::Tensor transposed = x.transpose(1, 3);
  EXPECT_LT(largest_difference(GetParam().ours(transposed), GetParam().library(transposed)), 1e-6);
  const at::Tensor part = x.narrow(2, 1, 4);
  EXPECT_LT(largest_difference(GetParam().ours(part), GetParam().library(part)), 1e-6);
}

TEST_P(ElementwiseOps, AreFiniteFarOutAndKeepNotANumber) {
  const at::Tensor far = at::arange(-1000, 1000, 10, at::kFloat);
  EXPECT_TRUE(GetParam().ours(far).isfinite().all().item<bool>());
  EXPECT_TRUE(GetParam().ours(at::full({3}, NAN)).isnan().all().item<bool>());
}

TEST_P(ElementwiseOps, PassGradientsOn) {
  const at::Tensor x = wave({33}).requires_grad_();
  GetParam().ours(x).sum().backward();
  const at::Tensor again = x.detach().clone().requires_grad_();
  GetParam().library(again).sum().backward();
  EXPECT_LT(largest_difference(x.grad(), again.grad()), 1e-6);
}

TEST_P(ElementwiseOps, GiveTheSameBitsWithAnyThreads) {
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{69, 344}, {261, 1535}, {4, 261, 261}, {37, 1777}})
    expect_same_with_any_threads([&] { return GetParam().ours(wave(shape)); });
}

std::string operation_name(const testing::TestParamInfo<Elementwise>& test) {
  return test.param.name;
}

INSTANTIATE_TEST_SUITE_P(All, ElementwiseOps, testing::ValuesIn(kElementwise), operation_name);

at::Tensor channels_last(std::vector<int64_t> shape, double offset = 0) {
  return wave(shape, 0.9, 2, offset).contiguous(at::MemoryFormat::ChannelsLast);
}

TEST(GroupNormOp, EqualsTheLibraryOnAwkwardSizes) {
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{1, 6, 1, 1}, {2, 56, 4, 5}, {3, 32, 16, 9}, {1, 24, 33, 31}}) {
    const at::Tensor x = channels_last(shape, 0.5);
    const at::Tensor weight = wave({shape[1]}, 1), bias = wave({shape[1]}, 2);
    const at::Tensor wanted = at::group_norm(x.to(at::kDouble).contiguous(), 2,
                                             weight.to(at::kDouble), bias.to(at::kDouble), 1e-6);
    EXPECT_LT(largest_difference(ops::group_norm(x, 2, weight, bias, 1e-6, ops::Activation::kNone),
                                 wanted),
              2e-6);
    EXPECT_LT(largest_difference(ops::group_norm(x, 2, weight, bias, 1e-6, ops::Activation::kSwish),
                                 at::silu(wanted)),
              2e-6);
  }
}

TEST(GroupNormOp, IsExactFarFromZero) {
  const at::Tensor x = channels_last({1, 32, 32, 32}, 1000);
  const at::Tensor one = at::ones({32}), zero = at::zeros({32});
  const at::Tensor wanted = at::group_norm(x.to(at::kDouble).contiguous(), 4, one.to(at::kDouble),
                                           zero.to(at::kDouble), 1e-6);
  EXPECT_LT(
      largest_difference(ops::group_norm(x, 4, one, zero, 1e-6, ops::Activation::kNone), wanted),
      1e-5);
}

TEST(GroupNormOp, PassesGradientsToInputAndParameters) {
  const at::Tensor x = channels_last({1, 8, 4, 4}).requires_grad_();
  const at::Tensor weight = wave({8}).requires_grad_(), bias = wave({8}, 3).requires_grad_();
  ops::group_norm(x, 2, weight, bias, 1e-6, ops::Activation::kSwish).sum().backward();
  for (const at::Tensor& leaf : {x, weight, bias}) EXPECT_TRUE(leaf.grad().defined());
}

TEST(GroupNormOp, GivesTheSameBitsWithAnyThreads) {
  const at::Tensor weight = wave({64}), bias = wave({64}, 3);
  for (int64_t size : {7, 16, 61})
    expect_same_with_any_threads([&] {
      return ops::group_norm(channels_last({1, 64, size, size}), 32, weight, bias, 1e-6,
                             ops::Activation::kSwish);
    });
}

struct Rows {
  at::Tensor x = wave({2, 7, 24}, 0.1, 2, 3), shift = wave({2, 24}, 1), scale = wave({2, 24}, 2);
};

TEST(ModulatedLayerNorm, IsTheSameWithAndWithoutGradients) {
  const Rows rows;
  const at::Tensor recorded =
      ops::modulated_layer_norm(rows.x, rows.shift, rows.scale, 1e-6, at::kFloat);
  const c10::InferenceMode inference;
  const at::Tensor y = ops::modulated_layer_norm(rows.x, rows.shift, rows.scale, 1e-6, at::kFloat);
  EXPECT_LT(largest_difference(y, recorded), 2e-6);
  const at::Tensor reduced =
      ops::modulated_layer_norm(rows.x, rows.shift, rows.scale, 1e-6, at::kBFloat16);
  EXPECT_TRUE(reduced.equal(y.to(at::kBFloat16)));
}

TEST(ModulatedLayerNorm, MayLeaveTheMeanOn) {
  const Rows rows;
  const at::Tensor x = rows.x.to(at::kDouble);
  const at::Tensor normal = x * at::rsqrt(x.square().mean(-1, true) + 1e-6);
  const at::Tensor wanted = normal * (1 + rows.scale).unsqueeze(1) + rows.shift.unsqueeze(1);
  const auto norm = [&] {
    return ops::modulated_layer_norm(rows.x, rows.shift, rows.scale, 1e-6, at::kFloat,
                                     ops::NormKind::kRms);
  };
  EXPECT_LT(largest_difference(norm(), wanted), 2e-6);
  const c10::InferenceMode inference;
  EXPECT_LT(largest_difference(norm(), wanted), 2e-6);
  const at::Tensor branch = wave({2, 7, 24}, 0.7);
  const auto [sum, next] =
      ops::gated_sum_and_norm(rows.x - branch, at::ones({2, 24}), branch, rows.shift, rows.scale,
                              1e-6, at::kFloat, ops::NormKind::kRms);
  EXPECT_LT(largest_difference(next, wanted), 1e-5);
}

TEST(SiluHalves, IsTheProductOfTheHalvesOfARow) {
  const at::Tensor x = wave({3, 5, 34}, 0.1, 3);
  const at::Tensor wanted = at::silu(x.narrow(-1, 0, 17)) * x.narrow(-1, 17, 17);
  EXPECT_LT(largest_difference(ops::silu_halves(x), wanted), 1e-6);
  const c10::InferenceMode inference;
  EXPECT_LT(largest_difference(ops::silu_halves(x), wanted), 1e-6);
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16})
    expect_same_with_any_threads([&] { return ops::silu_halves(x.to(dtype)); });
}

TEST(ModulatedLayerNorm, TakesPartsOfAWiderMatrix) {
  const c10::InferenceMode inference;
  const Rows rows;
  const at::Tensor both = at::cat({rows.shift, rows.scale}, 1);
  EXPECT_TRUE(
      ops::modulated_layer_norm(rows.x, both.narrow(1, 0, 24), both.narrow(1, 24, 24), 1e-6,
                                at::kFloat)
          .equal(ops::modulated_layer_norm(rows.x, rows.shift, rows.scale, 1e-6, at::kFloat)));
}

TEST(LayerNormOp, IsTheSameWithAndWithoutGradients) {
  const Rows rows;
  const at::Tensor weight = wave({24}, 1), bias = wave({24}, 2);
  const at::Tensor recorded = ops::layer_norm(rows.x, weight, bias, 1e-5, at::kFloat);
  const c10::InferenceMode inference;
  const at::Tensor y = ops::layer_norm(rows.x, weight, bias, 1e-5, at::kFloat);
  EXPECT_LT(largest_difference(y, recorded), 2e-6);
  EXPECT_TRUE(
      ops::layer_norm(rows.x, weight, bias, 1e-5, at::kBFloat16).equal(y.to(at::kBFloat16)));
}

TEST(SiluProduct, IsTheSameWithAndWithoutGradients) {
  const at::Tensor x = wave({3, 1777}, 0.1, 3), y = wave({3, 1777}, 0.3);
  const at::Tensor recorded = ops::silu_product(x, y);
  const c10::InferenceMode inference;
  EXPECT_LT(largest_difference(ops::silu_product(x, y), recorded), 1e-6);
  const at::Tensor a = x.to(at::kBFloat16), b = y.to(at::kBFloat16);
  EXPECT_TRUE(ops::silu_product(a, b).equal(
      ops::silu_product(a.to(at::kFloat), b.to(at::kFloat)).to(at::kBFloat16)));
}

TEST(GatedSum, IsTheSameWithAndWithoutGradients) {
  const Rows rows;
  const at::Tensor branch = wave({2, 7, 24}, 5);
  const at::Tensor recorded = ops::gated_sum(rows.x, rows.scale, branch);
  const c10::InferenceMode inference;
  EXPECT_LT(largest_difference(ops::gated_sum(rows.x, rows.scale, branch), recorded), 1e-6);
  EXPECT_TRUE(ops::gated_sum(rows.x, {}, branch).equal(rows.x + branch));
  EXPECT_LT(
      largest_difference(ops::gated_sum(rows.x, rows.scale, branch.to(at::kBFloat16)), recorded),
      1e-2);
}

}  // namespace
}  // namespace svgen
