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

}  // namespace
}  // namespace svgen::diffusion
