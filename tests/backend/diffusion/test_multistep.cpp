// SPDX-License-Identifier: MIT
// Adams-Bashforth: its order on grids of equal and unequal steps, and what it forgets.
#include "diffusion/multistep.h"

#include <gtest/gtest.h>

#include "backend/diffusion/fields.h"
#include "diffusion/path.h"

namespace svgen::diffusion {
namespace {

using testing::solved;
using testing::some_noise;

double error_of(int64_t steps, double shift) {
  MultistepSolver solver(time_grid(steps, shift));
  const at::Tensor noise = some_noise(2, at::kDouble);
  return (solved(solver, noise) - testing::solution(noise)).abs().max().item<double>();
}

TEST(Multistep, IsOfOrderTwoOnEqualAndShiftedSteps) {
  for (const double shift : {0.0, 0.3})
    EXPECT_NEAR(error_of(64, shift) / error_of(128, shift), 4, 0.5);
}

TEST(Multistep, EvaluatesOnceAStep) {
  int calls = 0;
  MultistepSolver solver(time_grid(5, 0));
  solved(solver, some_noise(1), [&](const at::Tensor& x, const Times&) {
    ++calls;
    return x;
  });
  EXPECT_EQ(calls, 5);
}

TEST(Multistep, IsEulerWhereItForgets) {
  MultistepSolver solver(time_grid(4, 0));
  const VelocityField forgets = [&](const at::Tensor& x, const Times& t) {
    solver.forget();
    return testing::growing(x, t);
  };
  GridSolver euler(time_grid(4, 0), euler_step);
  EXPECT_TRUE(solved(solver, some_noise(2), forgets).equal(solved(euler, some_noise(2))));
}

}  // namespace
}  // namespace svgen::diffusion
