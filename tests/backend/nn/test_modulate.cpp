// SPDX-License-Identifier: MIT
// Adaptive layer norm.
#include "nn/modulate.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"

namespace svgen {
namespace {

TEST(Modulate, DoesNothingWithZeroShiftAndScale) {
  const at::Tensor x = test::wave({2, 3, 4}), zero = at::zeros({2, 4});
  EXPECT_TRUE(nn::modulate(x, zero, zero).equal(x));
}

TEST(Modulate, ScalesByOneMoreThanTheScale) {
  const at::Tensor x = test::wave({2, 3, 4}), one = at::ones({2, 4});
  EXPECT_TRUE(nn::modulate(x, one, one).equal(x * 2 + 1));
}

TEST(Modulation, CutsItsLayerIntoPartsOfTheWidth) {
  nn::Modulation modulation(4, 6);
  test::fill(modulation);
  EXPECT_EQ(modulation.linear.weight.sizes().vec(), (std::vector<int64_t>{24, 4}));
  const auto parts = modulation(test::wave({2, 4}));
  ASSERT_EQ(parts.size(), 6u);
  for (const at::Tensor& part : parts) EXPECT_EQ(part.sizes().vec(), (std::vector<int64_t>{2, 4}));
}

}  // namespace
}  // namespace svgen
