// SPDX-License-Identifier: MIT
// Attention by products of pairs: its definition, with odd numbers of tokens and channels.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "ops/cpu/attention_parts.h"
#include "runtime/processor.h"

namespace svgen::ops::cpu {
namespace {

float value(Bfloat16 x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x) << 16);
}

Bfloat16 rounded(float x) {
  return static_cast<Bfloat16>((std::bit_cast<uint32_t>(x) + 0x8000) >> 16);
}

// Returns token `query` of softmax(x x^T scale) x.
std::vector<double> mixed(const std::vector<Bfloat16>& x, int64_t tokens, int64_t head,
                          int64_t query, double scale) {
  std::vector<double> result(head);
  double total = 0;
  for (int64_t t = 0; t < tokens; ++t) {
    double score = 0;
    for (int64_t i = 0; i < head; ++i)
      score += static_cast<double>(value(x[query * head + i])) * value(x[t * head + i]);
    const double share = std::exp(score * scale);
    total += share;
    for (int64_t i = 0; i < head; ++i) result[i] += share * value(x[t * head + i]);
  }
  for (double& sum : result) sum /= total;
  return result;
}

TEST(AttentionPairs, IsItsDefinition) {
  if (!runtime::has_pair_products()) GTEST_SKIP() << "this CPU has no products of bfloat16 pairs";
  for (const auto& [tokens, head] : {std::pair{1, 1}, {17, 3}, {64, 32}, {101, 72}}) {
    std::vector<Bfloat16> x(tokens * head), y(tokens * head + 16, rounded(99));
    for (size_t i = 0; i < x.size(); ++i) x[i] = rounded(std::sin(0.7f * static_cast<float>(i)));
    const AttentionInput<Bfloat16> input{.data = x.data(), .rows = {0, 0, head}};
    AttentionScratch scratch;
    attend_pairs({.q = input,
                  .k = input,
                  .v = input,
                  .tokens = tokens,
                  .head = head,
                  .first = 0,
                  .last = tokens,
                  .scale = 0.5f,
                  .y = y.data(),
                  .y_stride = head},
                 scratch);
    for (int64_t t = 0; t < tokens; ++t) {
      const std::vector<double> wanted = mixed(x, tokens, head, t, 0.5);
      for (int64_t i = 0; i < head; ++i)
        ASSERT_NEAR(value(y[t * head + i]), wanted[i], 1e-2) << tokens << " tokens, head " << head;
    }
    for (size_t i = x.size(); i < y.size(); ++i) EXPECT_EQ(y[i], rounded(99));
  }
}

}  // namespace
}  // namespace svgen::ops::cpu
