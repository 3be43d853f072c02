// SPDX-License-Identifier: MIT
// Choosing a solver: every name has one, for the process that it can reverse.
#include <gtest/gtest.h>

#include "backend/diffusion/fields.h"
#include "diffusion/path.h"
#include "svgen/error.h"

namespace svgen::diffusion {
namespace {

bool is_of_diffusions(SolverKind kind) {
  return kind == SolverKind::kDdpm || kind == SolverKind::kDdim;
}

TEST(MakeSolver, KnowsEveryNameForItsProcess) {
  const StepNoise noise = [](int64_t step) {
    return step_noise(1, std::vector<int64_t>{0, 1}, step, 4, 2);
  };
  for (const NamedValue<SolverKind>& row : named_values<SolverKind>()) {
    const SamplingOptions options{.steps = 8, .solver = row.value};
    const bool of_diffusions = is_of_diffusions(row.value);
    const Process own{of_diffusions ? Path::kDiffusion : Path::kStraight};
    const Process other{of_diffusions ? Path::kStraight : Path::kDiffusion};
    const auto solver = make_solver(options, own, noise);
    const at::Tensor x = testing::solved(*solver, testing::some_noise(2),
                                         [](const at::Tensor& y, const Times&) { return y * 0.1; });
    EXPECT_TRUE(x.isfinite().all().item<bool>()) << row.name;
    EXPECT_THROW(make_solver(options, other, noise), ConfigurationError) << row.name;
  }
}

TEST(MakeSolver, HeunEndsWithEulerWhereTheProcessSaysSo) {
  int calls = 0;
  const auto solver = make_solver({.steps = 4, .solver = SolverKind::kHeun},
                                  {.path = Path::kStraight, .ends_with_euler = true});
  testing::solved(*solver, testing::some_noise(1), [&](const at::Tensor& x, const Times&) {
    ++calls;
    return x;
  });
  EXPECT_EQ(calls, 7);
}

TEST(MakeSolver, AStrengthSpreadsTheStepsOverTheRestOfTheWay) {
  const auto solver = make_solver({.steps = 4, .shift = 0.15}, {}, {}, 0.5);
  std::vector<float> expected;
  for (const double u : {0.5, 0.625, 0.75, 0.875, 1.0})
    expected.push_back(static_cast<float>(shift_time(u, 0.15)));
  const std::vector<float> times = solver->known_times();
  ASSERT_EQ(times.size(), expected.size());
  for (size_t i = 0; i < times.size(); ++i) EXPECT_FLOAT_EQ(times[i], expected[i]);
  EXPECT_EQ(times.back(), 1);
  EXPECT_EQ(make_solver({.steps = 4}, {}, {}, 1)->known_times(),
            make_solver({.steps = 4})->known_times());
}

TEST(MakeSolver, AStrengthLeavesADiffusionTheStepsFromTheNearestOn) {
  const SamplingOptions options{.steps = 10, .solver = SolverKind::kDdim};  // 0, 111, 222, ... 999
  const auto solver = make_solver(options, {.path = Path::kDiffusion}, {}, 0.35);
  EXPECT_EQ(solver->steps(), 4);  // 333, 222, 111, 0
  EXPECT_FLOAT_EQ(solver->known_times().front(), 0.667f);
  EXPECT_EQ(make_solver(options, {.path = Path::kDiffusion})->steps(), 10);
}

TEST(MakeSolver, EverySolverStartsWhereTheStrengthSaysAndArrives) {
  const StepNoise noise = [](int64_t step) {
    return step_noise(1, std::vector<int64_t>{0, 1}, step, 4, 2);
  };
  for (const NamedValue<SolverKind>& row : named_values<SolverKind>()) {
    const Process process{is_of_diffusions(row.value) ? Path::kDiffusion : Path::kStraight};
    const auto solver =
        make_solver({.steps = 8, .shift = 0, .solver = row.value}, process, noise, 0.25);
    solver->begin(testing::some_noise(2));
    for (const float t : solver->now()) EXPECT_NEAR(t, 0.75, 0.1) << row.name;
    int steps = 0;
    for (; !solver->done(); ++steps)
      solver->advance([](const at::Tensor& y, const Times&) { return y * 0.1; });
    EXPECT_EQ(solver->now(), (Times{1, 1})) << row.name;
    EXPECT_TRUE(solver->steps() == 0 || steps == solver->steps()) << row.name;
    EXPECT_TRUE(solver->state().isfinite().all().item<bool>()) << row.name;
  }
}

}  // namespace
}  // namespace svgen::diffusion
