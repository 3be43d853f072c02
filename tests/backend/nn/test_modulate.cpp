// SPDX-License-Identifier: MIT
// The vectors of adaptive layer norm.
#include "nn/modulate.h"

#include <gtest/gtest.h>

#include "backend/nn/fill.h"

namespace svgen {
namespace {

TEST(Modulation, PutsPartsOfTheWidthSideBySide) {
  nn::Modulation modulation(4, 6);
  test::fill(modulation);
  EXPECT_EQ(modulation.linear.weight.sizes().vec(), (std::vector<int64_t>{24, 4}));
  EXPECT_EQ(modulation(test::wave({2, 4})).sizes().vec(), (std::vector<int64_t>{2, 24}));
}

}  // namespace
}  // namespace svgen
