// SPDX-License-Identifier: MIT
// Published conventions: which time a network takes, and the velocity behind what it predicts.
#include "models/convention.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "svgen/error.h"

namespace svgen::models {
namespace {

TEST(Convention, TurnsTheTime) {
  const at::Tensor t = at::tensor({0.25f, 1.0f});
  EXPECT_TRUE(model_time({}, t).equal(t));
  EXPECT_TRUE(model_time({.time = ModelTime::kDataToNoise}, t).equal(at::tensor({0.75f, 0.0f})));
}

TEST(Convention, FindsEveryStepOfADiffusionAgain) {
  for (int step = 0; step < 1000; ++step) {
    const at::Tensor t = at::tensor({1 - static_cast<float>(step) / 1000});
    EXPECT_EQ(model_time({.time = ModelTime::kIndex}, t).item<float>(), static_cast<float>(step));
  }
}

TEST(Convention, TurnsTheVelocityAndRefusesNoise) {
  const at::Tensor v = at::tensor({1.0f, -2.0f});
  EXPECT_TRUE(velocity_of({}, v).equal(v));
  EXPECT_TRUE(velocity_of({.prediction = Prediction::kReversedVelocity}, v).equal(-v));
  EXPECT_THROW(velocity_of({.prediction = Prediction::kNoise}, v), ConfigurationError);
}

}  // namespace
}  // namespace svgen::models
