// SPDX-License-Identifier: MIT
// Patches: their order and what cannot be cut into them.
#include "nn/patch_embed.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "svgen/error.h"

namespace svgen {
namespace {

TEST(PatchEmbed, ListsPatchesRowByRow) {
  nn::PatchEmbed embed(2, 1);
  embed.weight = at::ones({1, 3, 2, 2});
  embed.bias = at::zeros({1});
  at::Tensor pixels = at::zeros({1, 3, 4, 6});
  pixels[0][0][2][2] = 5;  // in the second patch of the second row of three
  const at::Tensor tokens = embed(pixels);
  EXPECT_EQ(tokens.sizes().vec(), (std::vector<int64_t>{1, 6, 1}));
  EXPECT_EQ(tokens[0][4][0].item<float>(), 5);
  EXPECT_EQ(tokens.abs().sum().item<float>(), 5);
}

TEST(PatchEmbed, RefusesPicturesThatDoNotDivide) {
  nn::PatchEmbed embed(4, 2);
  test::fill(embed);
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{1, 3, 6, 8}, {1, 3, 8, 2}, {1, 3, 0, 4}, {1, 4, 8, 8}, {3, 8, 8}})
    EXPECT_THROW(embed(at::zeros(shape)), ShapeError);
}

}  // namespace
}  // namespace svgen
