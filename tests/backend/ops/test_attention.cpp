// SPDX-License-Identifier: MIT
// Attention: its definition, its layouts, gradients.
#include "ops/attention.h"

#include <ATen/ops/layer_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "backend/ops/threads.h"
#include "nn/rotary.h"

namespace svgen {
namespace {

using test::largest_difference;
using test::wave;

// Computes attention by its definition in float64: (N, heads, T, head) to (N, T, heads * head).
at::Tensor definition(at::Tensor q, at::Tensor k, at::Tensor v, const ops::AttentionOptions& o) {
  const auto normed = [](const at::Tensor& x, const ops::HeadNorm& norm) {
    return norm.weight.defined() ? at::layer_norm(x, {x.size(-1)}, norm.weight.to(at::kDouble),
                                                  norm.bias.to(at::kDouble), norm.eps)
                                 : x;
  };
  q = normed(q.to(at::kDouble), o.q_norm);
  k = normed(k.to(at::kDouble), o.k_norm);
  const at::Tensor shares = at::softmax(at::matmul(q, k.transpose(2, 3)) * o.scale, -1);
  return at::matmul(shares, v.to(at::kDouble)).transpose(1, 2).flatten(2);
}

// Returns q, k and v as an attention layer cuts them from its joint projection.
std::vector<at::Tensor> cut(int64_t n, int64_t heads, int64_t t, int64_t head) {
  const at::Tensor qkv = test::scatter({n, t, 3, heads, head}, 0.4, 1.5, 0.1);
  const at::Tensor moved = qkv.permute({2, 0, 3, 1, 4});
  return {moved.select(0, 0), moved.select(0, 1), moved.select(0, 2)};
}

TEST(OpsAttention, IsItsDefinitionAtAwkwardSizes) {
  const c10::InferenceMode inference;
  for (const auto& [n, heads, t, head] : {std::tuple{1, 1, 1, 1},
                                          {2, 3, 5, 4},
                                          {1, 2, 16, 16},
                                          {2, 4, 65, 72},
                                          {1, 2, 261, 48},
                                          {1, 1, 64, 512}}) {
    const auto x = cut(n, heads, t, head);
    ops::AttentionOptions options{.scale = 1 / std::sqrt(static_cast<double>(head))};
    for (const bool normed : {false, true}) {
      if (normed) {
        options.q_norm = {wave({head}, 0, 1, 1), wave({head}), 1e-5};
        options.k_norm = {wave({head}, 1, 1, 1), wave({head}, 2), 1e-5};
      }
      const at::Tensor y = ops::attention(x[0], x[1], x[2], options);
      ASSERT_EQ(y.sizes().vec(), (std::vector<int64_t>{n, t, heads * head}));
      EXPECT_LT(largest_difference(y, definition(x[0], x[1], x[2], options)), 5e-6)
          << t << " tokens, head " << head << (normed ? ", normed" : "");
    }
  }
}

TEST(OpsAttention, ReadsBfloat16) {
  const c10::InferenceMode inference;
  for (const auto& [n, heads, t, head] :
       {std::tuple{1, 1, 1, 1}, {2, 2, 40, 24}, {1, 2, 33, 5}, {2, 4, 65, 72}, {1, 2, 261, 48}}) {
    auto x = cut(n, heads, t, head);
    for (at::Tensor& part : x) part = part.to(at::kBFloat16);
    const ops::AttentionOptions options{.scale = 0.2, .product = at::kBFloat16};
    const at::Tensor y = ops::attention(x[0], x[1], x[2], options);
    EXPECT_EQ(y.scalar_type(), at::kBFloat16);
    EXPECT_LT(largest_difference(y, definition(x[0], x[1], x[2], options)), 1e-2) << head;
  }
}

TEST(OpsAttention, TurnsQueriesAndKeysBehindThePrefix) {
  const c10::InferenceMode inference;
  for (const int64_t head : {8, 24, 64}) {
    const auto x = cut(2, 3, 2 + 5 * 4, head);
    const auto tables = nn::rotary_tables(nn::rotary_periods(head, 100), 5, 4);
    const at::Tensor wanted =
        definition(nn::rotate(x[0], tables, 2), nn::rotate(x[1], tables, 2), x[2], {.scale = 0.3});
    const at::Tensor y =
        ops::attention(x[0], x[1], x[2], {.scale = 0.3, .rotation = {tables.sin, tables.cos, 2}});
    EXPECT_LT(largest_difference(y, wanted), 5e-6) << "head " << head;
  }
}

TEST(OpsAttention, AveragesTheValuesWhenAllScoresAreEqual) {
  const at::Tensor v = wave({1, 2, 5, 4});
  const at::Tensor mixed =
      ops::attention(at::zeros({1, 2, 5, 4}), wave({1, 2, 5, 4}), v, {.scale = 0.5});
  const at::Tensor mean = v.mean(2, true).expand_as(v).transpose(1, 2).flatten(2);
  EXPECT_LT(largest_difference(mixed, mean), 1e-6);
}

TEST(OpsAttention, SurvivesScoresFarOut) {
  const c10::InferenceMode inference;
  const auto x = cut(1, 1, 20, 8);
  const at::Tensor y = ops::attention(x[0] * 1e4, x[1], x[2], {});
  EXPECT_TRUE(y.isfinite().all().item<bool>());
}

TEST(OpsAttention, AnImageDoesNotDependOnTheOthersOrOnThreads) {
  const auto x = cut(3, 2, 130, 24);
  test::expect_same_with_any_threads([&] { return ops::attention(x[0], x[1], x[2], {}); });
  const c10::InferenceMode inference;
  const at::Tensor all = ops::attention(x[0], x[1], x[2], {});
  const auto one = [](const at::Tensor& part) { return part.narrow(0, 1, 1); };
  EXPECT_TRUE(ops::attention(one(x[0]), one(x[1]), one(x[2]), {}).equal(one(all)));
}

TEST(OpsAttention, PassesGradientsOn) {
  const auto x = cut(1, 2, 6, 4);
  const at::Tensor q = x[0].contiguous().requires_grad_();
  ops::attention(q, x[1], x[2], {}).square().sum().backward();
  EXPECT_GT(q.grad().abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace svgen
