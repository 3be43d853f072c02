// SPDX-License-Identifier: MIT
// Where each guidance schedule guides, and by how much.
#include "diffusion/guidance.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace svgen::diffusion {
namespace {

constexpr double kScale = 3;

SamplingOptions options_of(GuidanceSchedule guidance) {
  SamplingOptions options;
  options.steps = 4;
  options.guidance = guidance;
  options.guidance_scale = kScale;
  return options;
}

TEST(Guidance, WeightsOfAnyScaleSumToOne) {
  for (const double scale : {0.0, 1.0, 1.5, 4.0}) {
    const GuidanceWeights weights = guided(scale);
    EXPECT_EQ(weights.conditional + weights.null, 1);
  }
}

TEST(Guidance, ScaleOneNeedsNoNullPassInAnyScheduleWithoutSkippedSteps) {
  for (const GuidanceSchedule guidance :
       {GuidanceSchedule::kConstant, GuidanceSchedule::kLate, GuidanceSchedule::kEarly,
        GuidanceSchedule::kLinear, GuidanceSchedule::kCfgStar, GuidanceSchedule::kInterval}) {
    SamplingOptions options = options_of(guidance);
    options.guidance_scale = 1;
    for (int64_t step = 0; step < options.steps; ++step)
      EXPECT_EQ(guidance_weights(options, step, 0.5), GuidanceWeights{}) << name_of(guidance);
  }
}

struct ScheduleRow {
  GuidanceSchedule guidance;
  double start, end;
  std::vector<double> times;   // of steps 0 to 3
  std::vector<double> scales;  // expected there
};

TEST(Guidance, SchedulesFollowTheirFormulas) {
  const ScheduleRow rows[] = {
      {GuidanceSchedule::kConstant, 0, 1, {0, .1, .2, .5}, {3, 3, 3, 3}},
      {GuidanceSchedule::kLate, 0, 1, {0, .1, .2, .5}, {1, 1, 3, 3}},
      {GuidanceSchedule::kEarly, .1, 1, {0, .1, .2, .5}, {1, 1, 3, 3}},
      {GuidanceSchedule::kLinear, 0, 1, {0, .1, .2, .5}, {1.5, 2, 2.5, 3}},
      {GuidanceSchedule::kInterval, .1, .2, {0, .1, .2, .5}, {1, 1, 3, 1}},
  };
  for (const ScheduleRow& row : rows) {
    SamplingOptions options = options_of(row.guidance);
    options.guidance_start = row.start;
    options.guidance_end = row.end;
    for (int64_t step = 0; step < options.steps; ++step) {
      EXPECT_EQ(guidance_weights(options, step, row.times[step]), guided(row.scales[step]))
          << name_of(row.guidance) << " step " << step;
    }
  }
}

TEST(Guidance, CfgStarReversesTheNullVelocityInItsFirstSteps) {
  SamplingOptions options = options_of(GuidanceSchedule::kCfgStar);
  options.guidance_skip = 2;
  options.guidance_reverse = 2;
  EXPECT_EQ(guidance_weights(options, 1, 0), (GuidanceWeights{0, -2}));
  EXPECT_EQ(guidance_weights(options, 2, 0), guided(kScale));
}

TEST(Guidance, CfgStarZeroesItsFirstStepEvenAtScaleOne) {
  SamplingOptions options = options_of(GuidanceSchedule::kCfgStar);
  options.guidance_scale = 1;
  options.guidance_skip = 1;
  EXPECT_EQ(guidance_weights(options, 0, 0), (GuidanceWeights{0, 0}));
  EXPECT_EQ(guidance_weights(options, 1, 0), GuidanceWeights{});
}

}  // namespace
}  // namespace svgen::diffusion
