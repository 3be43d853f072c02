// SPDX-License-Identifier: MIT
// The gain of a residual branch.
#include "nn/layer_scale.h"

#include <gtest/gtest.h>

#include "backend/nn/fill.h"

namespace svgen {
namespace {

TEST(LayerScale, MultipliesEachChannelByItsGain) {
  nn::LayerScale scale(3);
  test::fill(scale);
  const at::Tensor x = test::wave({2, 4, 3});
  EXPECT_TRUE(scale(x).equal(x * scale.gamma));
}

}  // namespace
}  // namespace svgen
