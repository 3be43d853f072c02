// SPDX-License-Identifier: MIT
// The random draws of phase 2; its loss is compared in the reference suite.
#include "train/diffusion_step.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/log.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <numeric>
#include <utility>
#include <vector>

#include "models/dit/dit.h"

namespace svgen::train {
namespace {

constexpr DrawnLatents kLatents{.cells = 4, .channels = 3, .classes = 10};
constexpr diffusion::Objective kShifted{.shift = 0.4};

TEST(DiffusionStep, DrawsBelongToTheImageNotToTheBatch) {
  const std::vector<int64_t> indices = {7, 8, 9}, labels = {1, 2, 3};
  const DiffusionDraws all = draw_diffusion(5, indices, labels, kLatents, kShifted, 0.5);
  const DiffusionDraws one =
      draw_diffusion(5, {&indices[2], 1}, {&labels[2], 1}, kLatents, kShifted, 0.5);
  EXPECT_TRUE(at::equal(all.noise[2], one.noise[0]));
  EXPECT_EQ(all.times[2].item<float>(), one.times[0].item<float>());
  EXPECT_EQ(all.labels[2].item<int64_t>(), one.labels[0].item<int64_t>());
  EXPECT_FALSE(at::equal(all.noise[0], all.noise[1]));
}

TEST(DiffusionStep, DropsTheAskedShareOfLabelsAndAllUnknownOnes) {
  std::vector<int64_t> indices(4000), labels(4000, 3);
  std::iota(indices.begin(), indices.end(), 0);
  const auto dropped = [&](double share) {
    return draw_diffusion(1, indices, labels, kLatents, kShifted, share)
        .labels.eq(10)
        .sum()
        .item<int64_t>();
  };
  EXPECT_EQ(dropped(0), 0);
  EXPECT_NEAR(dropped(0.1), 400, 60);
  EXPECT_EQ(dropped(1), 4000);
  labels.assign(4000, -1);
  EXPECT_EQ(dropped(0), 4000);
}

TEST(DiffusionStep, TimesHaveTheMeanOfTheShiftedDistribution) {
  std::vector<int64_t> indices(20000), labels(20000, 0);
  std::iota(indices.begin(), indices.end(), 0);
  const auto mean = [&](double shift) {
    return draw_diffusion(2, indices, labels, kLatents, {.shift = shift}, 0)
        .times.mean()
        .item<double>();
  };
  EXPECT_NEAR(mean(0), 0.5, 0.01);
  EXPECT_NEAR(mean(0.4), 0.351, 0.01);
  EXPECT_NEAR(mean(0.15), 0.217, 0.01);
}

TEST(DiffusionStep, LogitNormalTimesAreMostlyInTheMiddle) {
  std::vector<int64_t> indices(20000), labels(20000, 0);
  std::iota(indices.begin(), indices.end(), 0);
  const at::Tensor t =
      draw_diffusion(2, indices, labels, kLatents, {.logit_normal = true}, 0).times;
  const at::Tensor z = at::log(t / (1 - t));
  EXPECT_NEAR(z.mean().item<double>(), 0, 0.03);
  EXPECT_NEAR(z.std().item<double>(), 1, 0.03);
  // 68 % of a normal distribution lie within its deviation.
  EXPECT_NEAR(z.abs().lt(1).to(at::kDouble).mean().item<double>(), 0.683, 0.02);
  // The label's number is another one.
  const DiffusionDraws half =
      draw_diffusion(2, indices, labels, kLatents, {.logit_normal = true}, 0.5);
  const at::Tensor late = half.labels.eq(10).to(at::kDouble) * t.to(at::kDouble);
  EXPECT_NEAR(late.mean().item<double>(), 0.25, 0.01);
}

TEST(DiffusionStep, ADiffusionIsTrainedAtEachOfItsSteps) {
  std::vector<int64_t> indices(20000), labels(20000, 0);
  std::iota(indices.begin(), indices.end(), 0);
  DrawnLatents latents = kLatents;
  latents.path = diffusion::Path::kDiffusion;
  const at::Tensor steps =
      ((1 - draw_diffusion(2, indices, labels, latents, {}, 0).times) * 1000).round();
  EXPECT_EQ(steps.min().item<double>(), 0);
  EXPECT_EQ(steps.max().item<double>(), 999);
  EXPECT_NEAR(steps.mean().item<double>(), 499.5, 5);
}

// Where the model's posterior is the true one, there is no distance, and at step 0 the data are
// certain but for the noise of one step.
TEST(VariationalBound, IsZeroForTheTruePosterior) {
  const at::Tensor data = at::rand({2, 4, 3}) - 0.5, noise = at::randn({2, 4, 3});
  const std::vector<float> times = {0.5f, 0.9f};
  const at::Tensor steps = at::tensor({int64_t{500}, int64_t{100}});
  const at::Tensor x = diffusion::mixed(diffusion::Path::kDiffusion, data, noise, times);
  const at::Tensor lower_bound = at::full_like(data, -1.0);
  const auto bound = [&](const at::Tensor& predicted, const at::Tensor& share) {
    return variational_bound(data, x, predicted, share, steps).abs().max().item<double>();
  };
  EXPECT_LT(bound(noise, lower_bound), 1e-6);
  EXPECT_GT(bound(noise + 0.1, lower_bound), 1e-5);
  EXPECT_GT(bound(noise, at::full_like(data, 1.0)), 1e-6);
}

// Gives the same clean data whatever it sees.
struct Oracle : models::Dit {
  Oracle(const models::DitConfig& sizes, at::Tensor data)
      : models::Dit(sizes, {.prediction = models::Prediction::kCleanData}),
        known(std::move(data)) {}
  at::Tensor conditioning(const at::Tensor& t, const at::Tensor&) const override {
    return models::clean_data_factor(t).unsqueeze(1);
  }
  at::Tensor velocity(const at::Tensor& x, const at::Tensor& m) const override {
    return (known - x) * m.unsqueeze(2);
  }
  at::Tensor known;
};

TEST(DiffusionLoss, OfCleanDataIsZeroForTheDataAtAnyTime) {
  const at::Tensor data = at::randn({3, 4, 2}), noise = at::randn({3, 4, 2});
  const Oracle oracle({.channels = 2, .width = 8, .depth = 1, .heads = 1, .mlp = 8, .tokens = 4},
                      data);
  const DiffusionDraws draws{noise, at::tensor({0.f, 0.7f, 0.99f}), at::zeros({3}, at::kLong)};
  const DiffusionLoss loss = diffusion_loss(oracle, {}, {}, data, draws);
  EXPECT_LT(loss.squared.max().item<double>(), 1e-9);
}

TEST(DiffusionLossTotal, WeighsItsTermsByTheObjective) {
  const DiffusionLoss loss{at::full({2}, 1.0), at::full({2}, 10.0), at::full({2}, 100.0),
                           at::full({2}, 1000.0)};
  EXPECT_DOUBLE_EQ(loss.total({.cosine_weight = 0.5, .alignment_weight = 0.25}).item<double>(),
                   311);
  EXPECT_DOUBLE_EQ(DiffusionLoss{at::full({2}, 3.0)}.total({}).item<double>(), 3);
}

}  // namespace
}  // namespace svgen::train
