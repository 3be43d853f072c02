// SPDX-License-Identifier: MIT
// Orders of the solvers: Euler is exact for constant, Heun for linear velocities.
#include "diffusion/solver.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <gtest/gtest.h>

#include <cmath>

namespace svgen::diffusion {
namespace {

// Integrates dx/dt = v from x(0) = 1 to t = 1 in equal steps.
double integrate(SolverStep step, const SharedTimeField& velocity, int64_t steps) {
  at::Tensor x = at::full({1}, 1.0, at::kDouble);
  for (int64_t i = 0; i < steps; ++i) {
    const float t = static_cast<float>(i) / static_cast<float>(steps);
    const float t_next = static_cast<float>(i + 1) / static_cast<float>(steps);
    x = step(velocity, x, t, t_next);
  }
  return x.item<double>();
}

at::Tensor constant(const at::Tensor& x, float) {
  return at::full_like(x, 2.0);
}
at::Tensor linear(const at::Tensor& x, float t) {
  return at::full_like(x, 2.0 * t);
}
at::Tensor exponential(const at::Tensor& x, float) {
  return x;
}

TEST(Solver, EulerIsExactForAConstantVelocity) {
  EXPECT_DOUBLE_EQ(integrate(euler_step, constant, 4), 3);
}

TEST(Solver, HeunIsExactForAVelocityLinearInTime) {
  EXPECT_DOUBLE_EQ(integrate(heun_step, linear, 1), 2);
  EXPECT_DOUBLE_EQ(integrate(heun_step, linear, 4), 2);
}

TEST(Solver, ErrorsShrinkWithTheOrder) {
  const struct {
    SolverStep step;
    double factor;  // by which twice as many steps shrink the error
  } rows[] = {{euler_step, 2}, {heun_step, 4}};
  for (const auto& [step, factor] : rows) {
    const double coarse = std::abs(integrate(step, exponential, 64) - std::exp(1.0));
    const double fine = std::abs(integrate(step, exponential, 128) - std::exp(1.0));
    EXPECT_NEAR(coarse / fine, factor, 0.1) << factor;
  }
}

TEST(Solver, EvaluatesOncePerEulerAndTwicePerHeunStep) {
  int calls = 0;
  const SharedTimeField counting = [&](const at::Tensor& x, float) {
    ++calls;
    return x;
  };
  integrate(euler_step, counting, 5);
  EXPECT_EQ(calls, 5);
  integrate(heun_step, counting, 5);
  EXPECT_EQ(calls, 15);
}

}  // namespace
}  // namespace svgen::diffusion
