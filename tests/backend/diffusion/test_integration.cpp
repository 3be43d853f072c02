// SPDX-License-Identifier: MIT
// An integration asks the model as the schedule says, and combines its answers.
#include "diffusion/integration.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace svgen::diffusion {
namespace {

constexpr int64_t kNull = 10;

// A field that tells classes apart: v = label.
at::Tensor label_velocity(const at::Tensor& x, const Times&, const at::Tensor& labels) {
  return at::ones_like(x) * labels.view({-1, 1, 1});
}

at::Tensor run(const VelocityModel& model, const at::Tensor& noise,
               const SamplingOptions& options) {
  Integration integration(model, {{3}, kNull}, {.schedule = options}, make_solver(options), noise);
  while (!integration.done()) integration.advance();
  return integration.state();
}

SamplingOptions options_of(GuidanceSchedule guidance, double scale) {
  SamplingOptions options;
  options.steps = 5;
  options.guidance = guidance;
  options.guidance_scale = scale;
  return options;
}

// Counts the evaluations of each kind, in however many passes.
struct CountingModel {
  int conditional = 0, null = 0, passes = 0;

  VelocityModel model() {
    return [this](const at::Tensor& x, const Times& t, const at::Tensor& labels) {
      ++passes;
      for (int64_t n = 0; n < labels.size(0); ++n)
        ++(labels[n].item<int64_t>() == kNull ? null : conditional);
      return label_velocity(x, t, labels);
    };
  }
};

TEST(Integration, GuidanceOneIsTheConditionalFieldInOnePass) {
  CountingModel counting;
  const at::Tensor noise = at::rand({1, 4, 2});
  const at::Tensor x = run(counting.model(), noise, options_of(GuidanceSchedule::kConstant, 1));
  EXPECT_TRUE(at::allclose(x, noise + 3, 1e-6, 1e-6));
  EXPECT_EQ(counting.conditional, 5);
  EXPECT_EQ(counting.null, 0);
}

TEST(Integration, GuidanceExtrapolatesFromTheNullField) {
  const at::Tensor noise = at::rand({1, 4, 2});
  const at::Tensor x = run(label_velocity, noise, options_of(GuidanceSchedule::kConstant, 1.5));
  EXPECT_TRUE(at::allclose(x, noise + (10 + 1.5 * (3 - 10)), 1e-5, 1e-5));
}

TEST(Integration, UnguidedStepsRunOnePass) {
  CountingModel counting;
  run(counting.model(), at::rand({1, 4, 2}), options_of(GuidanceSchedule::kLate, 2));
  EXPECT_EQ(counting.conditional, 5);
  EXPECT_EQ(counting.null, 3);    // steps 3, 4 and 5 of 5
  EXPECT_EQ(counting.passes, 5);  // each has both kinds in one batch
}

TEST(Integration, ASkippedStepWithoutReverseAsksNothingAndStaysPut) {
  CountingModel counting;
  SamplingOptions options = options_of(GuidanceSchedule::kCfgStar, 1.5);
  options.guidance_skip = 1;
  const at::Tensor noise = at::rand({1, 4, 2});
  Integration integration(counting.model(), {{3}, kNull}, {.schedule = options},
                          make_solver(options), noise);
  integration.advance();
  EXPECT_TRUE(at::equal(integration.state(), noise));
  EXPECT_EQ(counting.conditional + counting.null, 0);
}

TEST(Integration, HeunSeesTheNextTimeOnlyInSchedulesOfTime) {
  SamplingOptions options = options_of(GuidanceSchedule::kEarly, 2);
  options.steps = 2;
  options.shift = 1;
  options.solver = SolverKind::kHeun;
  options.guidance_start = 0.4;  // the first step runs from 0 to 0.5
  CountingModel by_time;
  run(by_time.model(), at::rand({1, 4, 2}), options);
  EXPECT_EQ(by_time.null, 3);
  options.guidance = GuidanceSchedule::kLate;
  CountingModel by_step;
  run(by_step.model(), at::rand({1, 4, 2}), options);
  EXPECT_EQ(by_step.null, 2);
}

// The times at which a field that is linear in the time was asked.
struct TimedModel {
  Times asked;

  VelocityModel model() {
    return [this](const at::Tensor& x, const Times& t, const at::Tensor&) {
      asked.push_back(t.front());
      return at::full_like(x, 2 - 3 * t.front());
    };
  }
};

TEST(Integration, LeftOutStepsFollowFromTheLastTwoEvaluations) {
  for (const SolverKind solver : {SolverKind::kEuler, SolverKind::kMultistep}) {
    SamplingOptions options = options_of(GuidanceSchedule::kConstant, 1);
    options.steps = 12;
    options.solver = solver;
    const at::Tensor noise = at::rand({1, 4, 2});
    TimedModel every, some;
    const at::Tensor wanted = run(every.model(), noise, options);
    options.cache_interval = 4;
    const at::Tensor x = run(some.model(), noise, options);
    EXPECT_TRUE(at::allclose(x, wanted, 1e-5, 1e-5)) << name_of(solver);
    const Times& t = every.asked;
    EXPECT_EQ(some.asked, (Times{t[0], t[1], t[5], t[9], t[11]})) << name_of(solver);
  }
}

TEST(Integration, NoStepFollowsFromStepsThatAreGuidedOtherwise) {
  CountingModel counting;
  SamplingOptions options = options_of(GuidanceSchedule::kLate, 2);
  options.steps = 10;
  options.cache_interval = 3;
  run(counting.model(), at::rand({1, 4, 2}), options);
  EXPECT_EQ(counting.passes, 6);  // steps 1, 2 and 5 without guidance, 6, 7, 10 with it
  EXPECT_EQ(counting.null, 3);
}

TEST(Integration, ImagesOfABatchKeepTheirLabels) {
  const at::Tensor noise = at::rand({2, 4, 2});
  const SamplingOptions options = options_of(GuidanceSchedule::kConstant, 1);
  Integration integration(label_velocity, {{1, 5}, kNull}, {.schedule = options},
                          make_solver(options), noise);
  while (!integration.done()) integration.advance();
  EXPECT_TRUE(at::allclose(integration.state()[0], noise[0] + 1, 1e-6, 1e-6));
  EXPECT_TRUE(at::allclose(integration.state()[1], noise[1] + 5, 1e-6, 1e-6));
}

// Takes one guided step of w = 2 from zeros; returns (1, 4, 3).
at::Tensor guided_step(Guidance guidance) {
  guidance.schedule = options_of(GuidanceSchedule::kConstant, 2);
  guidance.schedule.steps = 1;
  Integration integration(label_velocity, {{3}, kNull}, guidance, make_solver(guidance.schedule),
                          at::zeros({1, 4, 3}));
  integration.advance();
  return integration.state();
}

TEST(Integration, GuidesOnlyTheChannelsItIsToldTo) {
  const at::Tensor x = guided_step({.channels = 2});
  const double guided = 10 + 2 * (3 - 10), conditional = 3;
  EXPECT_TRUE(at::allclose(x.narrow(2, 0, 2), at::full({1, 4, 2}, guided)));
  EXPECT_TRUE(at::allclose(x.narrow(2, 2, 1), at::full({1, 4, 1}, conditional)));
}

TEST(Integration, AWeakModelTakesThePlaceOfTheNullClass) {
  const VelocityModel weak = [](const at::Tensor& x, const Times&, const at::Tensor& labels) {
    EXPECT_EQ(labels.item<int64_t>(), 3);
    return at::full_like(x, 1.0);
  };
  const at::Tensor x = guided_step({.weak = weak});
  EXPECT_TRUE(at::allclose(x, at::full({1, 4, 3}, 1.0 + 2 * (3 - 1))));
}

// The field of data at one point, whose every path ends there.
VelocityModel towards(const at::Tensor& data) {
  return [data](const at::Tensor& x, const Times& t, const at::Tensor&) {
    return (data - x) / std::max(1 - t.front(), 1e-6f);
  };
}

TEST(Integration, PointsToTheDataFromTheFirstStepOn) {
  const at::Tensor data = at::rand({1, 4, 2});
  const SamplingOptions options = options_of(GuidanceSchedule::kConstant, 1);
  Integration integration(towards(data), {{3}, kNull}, {.schedule = options}, make_solver(options),
                          at::rand({1, 4, 2}));
  while (!integration.done()) {
    integration.advance();
    EXPECT_TRUE(at::allclose(integration.predicted(), data, 1e-5, 1e-5));
  }
}

TEST(Integration, StartsFromTheSourceWithTheNoiseOfItsTime) {
  const at::Tensor noise = at::rand({1, 4, 2}), data = at::rand({1, 4, 2});
  SamplingOptions options = options_of(GuidanceSchedule::kConstant, 1);
  options.shift = 0;
  const Integration integration(label_velocity, {{3}, kNull}, {.schedule = options},
                                make_solver(options, {}, {}, 0.25), noise,
                                {.data = data, .is_start = true});
  EXPECT_TRUE(at::equal(integration.state(), data * 0.75 + noise * 0.25));
}

TEST(Integration, AMaskKeepsTheSourceAtEveryStepAndToTheBitAtTheEnd) {
  const at::Tensor noise = at::rand({1, 4, 2}), data = at::rand({1, 4, 2});
  const at::Tensor mask = at::tensor({0.0f, 1.0f, 0.5f, 0.0f}).view({1, 4, 1});
  SamplingOptions options = options_of(GuidanceSchedule::kConstant, 1);
  options.shift = 0;
  Integration integration(label_velocity, {{3}, kNull}, {.schedule = options}, make_solver(options),
                          noise, {.data = data, .mask = mask});
  integration.advance();
  EXPECT_TRUE(at::allclose(integration.state()[0][0], data[0][0] * 0.2 + noise[0][0] * 0.8));
  EXPECT_TRUE(at::allclose(integration.state()[0][1], noise[0][1] + 0.6));
  while (!integration.done()) integration.advance();
  EXPECT_TRUE(at::equal(integration.state()[0][0], data[0][0]));
  EXPECT_TRUE(at::equal(integration.state()[0][3], data[0][3]));
  EXPECT_FALSE(at::equal(integration.state()[0][2], data[0][2]));
  EXPECT_TRUE(at::allclose(integration.state()[0][1], noise[0][1] + 3));
}

TEST(Integration, SchedulesCountTheStepsThatAreTaken) {
  SamplingOptions options{.steps = 10, .solver = SolverKind::kDdim};
  options.guidance = GuidanceSchedule::kLate;  // the second half
  options.guidance_scale = 2;
  CountingModel counting;
  Integration integration(counting.model(), {{3}, kNull}, {.schedule = options},
                          make_solver(options, {.path = Path::kDiffusion}, {}, 0.35),
                          at::rand({1, 4, 2}), {.path = Path::kDiffusion});
  while (!integration.done()) integration.advance();
  EXPECT_EQ(counting.conditional, 4);
  EXPECT_EQ(counting.null, 2);
}

}  // namespace
}  // namespace svgen::diffusion
