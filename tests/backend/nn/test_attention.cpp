// SPDX-License-Identifier: MIT
// Attention: its symmetries, the masked bias, q/k norm, names and thread independence.
#include "nn/attention.h"

#include <ATen/ops/flip.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <set>

#include "backend/nn/fill.h"
#include "backend/ops/threads.h"

namespace svgen {
namespace {

nn::Attention filled(const nn::AttentionConfig& config) {
  nn::Attention attention(config);
  test::fill(attention);
  return attention;
}

TEST(Attention, FollowsAPermutationOfItsTokens) {
  const nn::Attention attention = filled({.width = 24, .heads = 3});
  const at::Tensor x = test::wave({2, 7, 24});
  EXPECT_LT(test::largest_difference(attention(at::flip(x, {1})), at::flip(attention(x), {1})),
            1e-6);
}

TEST(Attention, MaskRemovesTheBiasOfTheKeys) {
  nn::Attention attention = filled({.width = 16, .heads = 2, .masked_bias = true});
  attention.bias_mask = at::ones({48});
  attention.bias_mask.narrow(0, 16, 16).zero_();
  const at::Tensor x = test::wave({1, 5, 16});
  const at::Tensor before = attention(x);
  attention.qkv_bias = attention.qkv_bias.clone();
  attention.qkv_bias.narrow(0, 16, 16).fill_(7);
  EXPECT_TRUE(attention(x).equal(before));
}

TEST(Attention, NormedQueriesIgnoreTheScaleOfTheirProjection) {
  nn::Attention attention = filled({.width = 16, .heads = 2, .qk_norm = nn::QkNorm::kLayer});
  attention.qkv_bias = at::zeros_like(attention.qkv_bias);
  const at::Tensor x = test::wave({1, 5, 16});
  const at::Tensor before = attention(x);
  attention.qkv_weight = attention.qkv_weight.clone();
  attention.qkv_weight.narrow(0, 0, 32).mul_(3);
  EXPECT_LT(test::largest_difference(attention(x), before), 1e-4);
}

// The order of channels within a head is nobody's business but q's and k's.
TEST(Attention, WithSplitPairsIsTheSameMap) {
  for (const nn::QkNorm norm : {nn::QkNorm::kNone, nn::QkNorm::kRms}) {
    nn::Attention attention =
        filled({.width = 16, .heads = 2, .qk_norm = norm, .rotates_pairs = true});
    const nn::RotaryTables tables = nn::cell_rotary_tables(8, 2, 3);
    const at::Tensor x = test::wave({2, 7, 16});
    const c10::InferenceMode inference;
    const at::Tensor before = attention(x, &tables);
    attention.split_pairs();
    EXPECT_LT(test::largest_difference(attention(x, &tables), before), 1e-6);
  }
}

TEST(Attention, NamesItsTensorsAsEachCheckpointFamilyDoes) {
  const auto names = [](const nn::AttentionConfig& config) {
    nn::Attention attention(config);
    std::set<std::string> all;
    const nn::StateVisitor collect = [&](const nn::StateSlot& slot) { all.insert(slot.name); };
    nn::visit_state(attention, collect);
    return all;
  };
  EXPECT_EQ(names({.width = 8, .heads = 2, .masked_bias = true}),
            (std::set<std::string>{"qkv.weight", "qkv.bias", "qkv.bias_mask", "proj.weight",
                                   "proj.bias"}));
  EXPECT_EQ(names({.width = 8, .heads = 2, .qk_norm = nn::QkNorm::kLayer}),
            (std::set<std::string>{"qkv.weight", "qkv.bias", "q_norm.weight", "q_norm.bias",
                                   "k_norm.weight", "k_norm.bias", "proj.weight", "proj.bias"}));
  EXPECT_EQ(names({.width = 8, .heads = 2, .names = nn::kPackedNames}),
            (std::set<std::string>{"in_proj_weight", "in_proj_bias", "out_proj.weight",
                                   "out_proj.bias"}));
}

TEST(Attention, GivesTheSameBitsWithAnyThreads) {
  for (const auto& [tokens, width, heads] : {std::tuple{16, 64, 4},
                                             {64, 256, 4},
                                             {256, 384, 6},
                                             {256, 768, 12},
                                             {256, 1152, 16},
                                             {257, 384, 8}}) {
    const nn::Attention attention =
        filled({.width = width, .heads = heads, .qk_norm = nn::QkNorm::kLayer});
    const at::Tensor x = test::wave({1, tokens, width});
    test::expect_same_with_any_threads([&] { return attention(x); });
  }
}

}  // namespace
}  // namespace svgen
