// SPDX-License-Identifier: MIT
// Squares of cells as tokens: the order within a square, in either direction.
#include "nn/latent_patches.h"

#include <ATen/ops/arange.h>
#include <gtest/gtest.h>

namespace svgen {
namespace {

// Cell (row, column) of a grid of 2 x 4 holds channels 10 cell, 10 cell + 1.
at::Tensor cells() {
  const at::Tensor cell = at::arange(8).view({1, 8, 1}) * 10;
  return cell + at::arange(2).view({1, 1, 2});
}

std::vector<int64_t> numbers(const at::Tensor& x) {
  const at::Tensor flat = x.flatten();
  std::vector<int64_t> values;
  for (int64_t i = 0; i < flat.numel(); ++i) values.push_back(flat[i].item<int64_t>());
  return values;
}

TEST(LatentPatches, EnterByChannelThenRowThenColumn) {
  const at::Tensor tokens = nn::to_patches(cells(), {2, 4}, 2);
  EXPECT_EQ(tokens.sizes().vec(), (std::vector<int64_t>{1, 2, 8}));
  EXPECT_EQ(numbers(tokens[0][1]), (std::vector<int64_t>{20, 30, 60, 70, 21, 31, 61, 71}));
}

TEST(LatentPatches, LeaveByRowThenColumnThenChannel) {
  const at::Tensor tokens = at::arange(16).view({1, 2, 8});
  const at::Tensor out = nn::from_patches(tokens, {2, 4}, 2);
  EXPECT_EQ(out.sizes().vec(), (std::vector<int64_t>{1, 8, 2}));
  EXPECT_EQ(numbers(out[0][2]), (std::vector<int64_t>{8, 9}));  // row 0, column 2
  EXPECT_EQ(numbers(out[0][5]), (std::vector<int64_t>{6, 7}));  // row 1, column 1
}

TEST(LatentPatches, OfOneCellAreTheCells) {
  const at::Tensor x = cells();
  EXPECT_TRUE(nn::to_patches(x, {2, 4}, 1).is_same(x));
  EXPECT_TRUE(nn::from_patches(x, {}, 1).is_same(x));
}

}  // namespace
}  // namespace svgen
