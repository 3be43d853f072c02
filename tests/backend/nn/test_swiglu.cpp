// SPDX-License-Identifier: MIT
// The gated feed-forward.
#include "nn/swiglu.h"

#include <ATen/ops/silu.h>
#include <c10/core/InferenceMode.h>
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

TEST(PackedSwiGlu, IsTheSameWithBothLayersInOneMatrix) {
  nn::PackedSwiGlu packed(6, 10);
  test::fill(packed);
  nn::SwiGlu ffn(6, 10);
  for (const auto& [linear, first] : {std::pair(&ffn.w1, 0), std::pair(&ffn.w2, 10)}) {
    linear->weight = packed.w12.weight.narrow(0, first, 10);
    linear->bias = packed.w12.bias.narrow(0, first, 10);
  }
  ffn.w3 = packed.w3;
  const at::Tensor x = test::wave({2, 3, 6});
  EXPECT_LT(test::largest_difference(packed(x), ffn(x)), 1e-6);
  const c10::InferenceMode inference;
  EXPECT_LT(test::largest_difference(packed(x), ffn(x)), 1e-6);
}

}  // namespace
}  // namespace svgen
