// SPDX-License-Identifier: MIT
// The position table and the time features: order of their channels.
#include "nn/sine_cosine.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

#include "backend/nn/fill.h"
#include "svgen/error.h"

namespace svgen {
namespace {

TEST(PositionTable, EncodesTheColumnBeforeTheRow) {
  const at::Tensor table = nn::position_table(2, 3, 8)[0];  // (6, 8)
  const at::Tensor token = table[5];                        // row 1, column 2
  EXPECT_FLOAT_EQ(token[0].item<float>(), std::sin(2.0f));
  EXPECT_FLOAT_EQ(token[1].item<float>(), std::sin(0.02f));
  EXPECT_FLOAT_EQ(token[2].item<float>(), std::cos(2.0f));
  EXPECT_FLOAT_EQ(token[4].item<float>(), std::sin(1.0f));
  EXPECT_FLOAT_EQ(token[7].item<float>(), std::cos(0.01f));
}

TEST(PositionTable, RefusesAWidthThatIsNoMultipleOfFour) {
  EXPECT_THROW(nn::position_table(2, 2, 6), ShapeError);
}

TEST(TimeFeatures, PutCosinesFirstAndDoNotScaleTheTime) {
  const at::Tensor features = nn::time_features(at::tensor({0.0f, 1.0f}), 8);
  EXPECT_EQ(features.sizes().vec(), (std::vector<int64_t>{2, 8}));
  EXPECT_EQ(features[0].narrow(0, 0, 4).sum().item<float>(), 4);
  EXPECT_EQ(features[0].narrow(0, 4, 4).sum().item<float>(), 0);
  EXPECT_NEAR(features[1][0].item<float>(), std::cos(1.0), 1e-6);
  EXPECT_NEAR(features[1][5].item<float>(), std::sin(0.1), 1e-6);
}

}  // namespace
}  // namespace svgen
