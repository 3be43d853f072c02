// SPDX-License-Identifier: MIT
// The kernel's strides: heads that lie anywhere, and nothing written beside them.
#include <gtest/gtest.h>

#include <vector>

#include "ops/cpu/kernels.h"

namespace svgen::ops::cpu {
namespace {

TEST(AttentionKernel, ReadsByItsStridesAndWritesNothingElse) {
  constexpr AttentionShape kShape{2, 3, 4, 5};
  constexpr int64_t kCount = kShape.images * kShape.heads * kShape.tokens * kShape.head;
  constexpr HeadRows kHeadsFirst{60, 20, 5}, kTokensFirst{60, 5, 15};
  std::vector<float> heads_first(kCount), tokens_first(kCount);
  for (int64_t n = 0; n < kShape.images; ++n)
    for (int64_t h = 0; h < kShape.heads; ++h)
      for (int64_t t = 0; t < kShape.tokens; ++t)
        for (int64_t i = 0; i < kShape.head; ++i) {
          const float value = static_cast<float>((n * 31 + h * 17 + t * 7 + i * 3) % 11) - 5;
          heads_first[n * 60 + h * 20 + t * 5 + i] = value;
          tokens_first[n * 60 + t * 15 + h * 5 + i] = value;
        }
  std::vector<float> a(kCount + 16, 99), b(kCount + 16, 99);
  const AttentionInput<float> first{heads_first.data(), kHeadsFirst, {}};
  const AttentionInput<float> second{tokens_first.data(), kTokensFirst, {}};
  attention(first, first, first, kShape, 0.4, a.data());
  attention(second, second, second, kShape, 0.4, b.data());
  EXPECT_EQ(a, b);
  for (int64_t i = kCount; i < kCount + 16; ++i) EXPECT_EQ(a[i], 99);
}

}  // namespace
}  // namespace svgen::ops::cpu
