// SPDX-License-Identifier: MIT
// The gated feed-forward.
#include "nn/swiglu.h"

#include <ATen/ops/silu.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"

namespace svgen {
namespace {

TEST(SwiGlu, GatesTheSecondLayerWithTheSiluOfTheFirst) {
  nn::SwiGlu ffn(6, 10);
  test::fill(ffn);
  const at::Tensor x = test::wave({2, 3, 6});
  const at::Tensor wanted = ffn.w3(at::silu(ffn.w1(x)) * ffn.w2(x));
  EXPECT_LT(test::largest_difference(ffn(x), wanted), 1e-6);
}

}  // namespace
}  // namespace svgen
