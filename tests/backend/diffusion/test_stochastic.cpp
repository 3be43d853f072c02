// SPDX-License-Identifier: MIT
// Solvers with noise: forms, last steps, and images that depend on (seed, image, step) alone.
#include "diffusion/stochastic.h"

#include <gtest/gtest.h>

#include "backend/diffusion/fields.h"
#include "diffusion/path.h"
#include "svgen/error.h"

namespace svgen::diffusion {
namespace {

using testing::solved;
using testing::some_noise;

constexpr SolverKind kBoth[] = {SolverKind::kEulerMaruyama, SolverKind::kStochasticHeun};

SamplingOptions options_of(SolverKind solver, int64_t steps = 8) {
  return {.steps = steps, .solver = solver};
}

StepNoise noise_of(std::vector<int64_t> images) {
  return [images](int64_t step) { return step_noise(3, images, step, 4, 2); };
}

TEST(Stochastic, AnImageDoesNotDependOnItsBatch) {
  for (const SolverKind kind : kBoth) {
    StochasticSolver together(options_of(kind), {}, noise_of({0, 1, 2}));
    const at::Tensor all = solved(together, some_noise(3));
    for (int64_t n = 0; n < 3; ++n) {
      StochasticSolver alone(options_of(kind), {}, noise_of({n}));
      EXPECT_TRUE(solved(alone, some_noise(3).narrow(0, n, 1)).equal(all.narrow(0, n, 1)));
    }
  }
}

// Where all data are one point, its score and velocity are known, and every sample ends there.
TEST(Stochastic, ArrivesAtTheData) {
  const at::Tensor point = some_noise(1) * 2;
  const VelocityField towards = [&](const at::Tensor& x, const Times& t) {
    return (point - x) / (1 - t[0]);
  };
  for (const SolverKind kind : kBoth)
    for (const LastStep last : {LastStep::kMean, LastStep::kEuler, LastStep::kTweedie}) {
      SamplingOptions options = options_of(kind, 400);
      options.last_step = last;
      StochasticSolver solver(options, {}, noise_of({0}));
      const double distance =
          (solved(solver, some_noise(1), towards) - point).abs().max().item<double>();
      EXPECT_LT(distance, 0.25) << name_of(kind) << " " << name_of(last);
    }
}

TEST(Stochastic, WithoutDiffusionIsTheFlow) {
  SamplingOptions options = options_of(SolverKind::kEulerMaruyama);
  options.diffusion_norm = 0;
  options.last_step = LastStep::kNone;
  StochasticSolver solver(options, {}, noise_of({0}));
  GridSolver euler(time_grid(8, 0), euler_step);
  EXPECT_LT(
      (solved(solver, some_noise(1)) - solved(euler, some_noise(1))).abs().max().item<double>(),
      1e-6);
}

TEST(Stochastic, FormsAreThePublishedFunctions) {
  SamplingOptions options;
  options.diffusion_norm = 0.5;
  EXPECT_DOUBLE_EQ(diffusion_at(options, Path::kStraight, 0.25), 0.375);
  options.diffusion_form = DiffusionForm::kLinear;
  EXPECT_DOUBLE_EQ(diffusion_at(options, Path::kGvp, 0.25), 0.375);
  options.diffusion_form = DiffusionForm::kDecreasing;
  EXPECT_DOUBLE_EQ(diffusion_at(options, Path::kStraight, 1), 0.0625);
}

TEST(Stochastic, NeedsAStepBeforeTheLast) {
  EXPECT_THROW(StochasticSolver(options_of(SolverKind::kEulerMaruyama, 1), {}, noise_of({0})),
               ConfigurationError);
}

}  // namespace
}  // namespace svgen::diffusion
