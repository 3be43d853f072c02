// SPDX-License-Identifier: MIT
// The adaptive solver: accuracy, its end, independence of the batch, bounds.
#include "diffusion/dopri5.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "backend/diffusion/fields.h"
#include "svgen/error.h"

namespace svgen::diffusion {
namespace {

using testing::solved;
using testing::some_noise;

SamplingOptions tolerances(double atol, double rtol) {
  return {.solver = SolverKind::kDopri5, .atol = atol, .rtol = rtol};
}

TEST(Dopri5, KeepsItsTolerance) {
  for (const double tolerance : {1e-3, 1e-6, 1e-9}) {
    Dopri5Solver solver(tolerances(tolerance, tolerance), false);
    const at::Tensor noise = some_noise(3, at::kDouble);
    const double error =
        (solved(solver, noise) - testing::solution(noise)).abs().max().item<double>();
    EXPECT_LT(error, 20 * tolerance);
  }
}

// Images with other widths of steps beside it change nothing of an image.
TEST(Dopri5, AnImageDoesNotDependOnItsBatch) {
  at::Tensor noise = some_noise(3);
  noise[1] *= 50;
  Dopri5Solver together(tolerances(1e-6, 1e-3), false);
  const at::Tensor all = solved(together, noise);
  for (int64_t n = 0; n < 3; ++n) {
    Dopri5Solver alone(tolerances(1e-6, 1e-3), false);
    EXPECT_TRUE(solved(alone, noise.narrow(0, n, 1)).equal(all.narrow(0, n, 1))) << n;
  }
}

TEST(Dopri5, EndsAtOneUnlessItDoesAsPublished) {
  for (const bool is_published : {false, true}) {
    float last = 0;
    Dopri5Solver solver(tolerances(1e-6, 1e-3), is_published);
    solved(solver, some_noise(1), [&](const at::Tensor& x, const Times& t) {
      last = std::max(last, t[0]);
      return testing::growing(x, t);
    });
    EXPECT_EQ(last > 1, is_published);
  }
}

TEST(Dopri5, GivesUpWhereItDoesNotArrive) {
  Dopri5Solver solver(tolerances(1e-12, 1e-12), false);
  int sign = 1;
  const VelocityField jumping = [&](const at::Tensor& x, const Times&) {
    sign = -sign;
    return (x + 1) * (sign * 1e6);
  };
  EXPECT_THROW(solved(solver, some_noise(1), jumping), ConfigurationError);
}

}  // namespace
}  // namespace svgen::diffusion
