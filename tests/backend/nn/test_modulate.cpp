// SPDX-License-Identifier: MIT
// The vectors of adaptive layer norm.
#include "nn/modulate.h"

#include <gtest/gtest.h>

#include "backend/nn/fill.h"

namespace svgen {
namespace {

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
