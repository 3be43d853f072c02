// SPDX-License-Identifier: MIT
// Adam by hand in double, clipping, warm-up, decay and the moving average.
#include "train/optimizer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <cmath>

namespace svgen::train {
namespace {

// One parameter of 32 equal values.
class OptimizerTest : public ::testing::Test {
 protected:
  void set_gradient(double value) { flat_.gradients().fill_(value); }
  double value() const { return flat_.values()[0].item<double>(); }

  at::Tensor slot_ = at::full({32}, 0.5);
  FlatParameters flat_{[this](const nn::StateScope& state) { state("x", slot_, {32}); }, at::kCPU};
};

TEST_F(OptimizerTest, FollowsTheFormula) {
  const OptimizerConfig config{
      .learning_rate = 0.01, .beta1 = 0.5, .beta2 = 0.9, .weight_decay = 0.1};
  Optimizer optimizer(flat_, config);
  double w = 0.5, m = 0, v = 0;
  for (int k = 1; k <= 5; ++k) {
    const double g = 0.3 * k - 0.7;
    m = config.beta1 * m + (1 - config.beta1) * g;
    v = config.beta2 * v + (1 - config.beta2) * g * g;
    w -= config.learning_rate * config.weight_decay * w;
    w -= config.learning_rate * (m / (1 - std::pow(config.beta1, k))) /
         (std::sqrt(v / (1 - std::pow(config.beta2, k))) + config.eps);
    set_gradient(g);
    optimizer.step();
    EXPECT_NEAR(value(), w, 1e-6) << k;
    EXPECT_EQ(flat_.gradients().abs().sum().item<double>(), 0);
  }
  EXPECT_EQ(optimizer.steps(), 5);
}

TEST_F(OptimizerTest, ClipsByTheNormOfAll) {
  Optimizer optimizer(flat_, {.clip_norm = 1});
  set_gradient(2);
  EXPECT_NEAR(optimizer.gradient_norm(), 2 * std::sqrt(32.0), 1e-6);
  optimizer.step();
  const double clipped = 1 / std::sqrt(32.0);
  EXPECT_NEAR(optimizer.mean()[0].item<double>(), 0.1 * clipped, 1e-7);
}

TEST_F(OptimizerTest, FallsAlongACosine) {
  Optimizer optimizer(
      flat_, {.learning_rate = 0.4, .warmup_steps = 2, .final_rate = 0.25, .last_step = 6});
  for (const double rate : {0.2, 0.4, 0.4, 0.356066, 0.25, 0.143934, 0.1, 0.1}) {
    EXPECT_NEAR(optimizer.rate(), rate, 1e-6);
    set_gradient(1);
    optimizer.step();
  }
}

TEST_F(OptimizerTest, WarmsUpLinearly) {
  Optimizer optimizer(flat_, {.learning_rate = 0.4, .warmup_steps = 4});
  double before = value();
  for (const double rate : {0.1, 0.2, 0.3, 0.4, 0.4}) {
    set_gradient(1);  // Adam's update is then the learning rate itself
    optimizer.step();
    EXPECT_NEAR(before - value(), rate, 1e-4);
    before = value();
  }
}

TEST_F(OptimizerTest, EmaStartsAsACopyAndFollows) {
  Ema ema(flat_, 0.9), none(flat_, 0);
  flat_.values().fill_(1.5);
  ema.update();
  none.update();
  EXPECT_NEAR(ema.values()[0].item<double>(), 0.9 * 0.5 + 0.1 * 1.5, 1e-6);
  EXPECT_TRUE(at::equal(none.values(), flat_.values()));
  EXPECT_FALSE(none.averages());
}

}  // namespace
}  // namespace svgen::train
