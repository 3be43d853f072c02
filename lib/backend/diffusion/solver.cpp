// SPDX-License-Identifier: MIT
// Steps along a velocity.
#include "diffusion/solver.h"

#include <ATen/TensorOperators.h>

#include <utility>

#include "diffusion/path.h"

namespace svgen::diffusion {

// Products and sums are separate operations throughout: a fused one may round differently at the
// end of a thread's share, which would make results depend on the number of threads.

at::Tensor euler_step(const SharedTimeField& velocity, const at::Tensor& x, float t, float t_next) {
  return x + velocity(x, t) * (t_next - t);
}

at::Tensor heun_step(const SharedTimeField& velocity, const at::Tensor& x, float t, float t_next) {
  const at::Tensor at_start = velocity(x, t);
  const at::Tensor predicted = x + at_start * (t_next - t);
  const at::Tensor at_end = velocity(predicted, t_next);
  return x + (at_start + at_end) * (0.5f * (t_next - t));
}

GridSolver::GridSolver(std::vector<float> times, SolverStep step_function)
    : times_(std::move(times)), step_function_(step_function) {}

void GridSolver::begin(at::Tensor noise) {
  state_ = std::move(noise);
  step_ = 0;
}

void GridSolver::advance(const VelocityField& velocity) {
  const auto images = static_cast<size_t>(state_.size(0));
  const SharedTimeField shared = [&](const at::Tensor& x, float t) {
    return velocity(x, Times(images, t));
  };
  state_ = step_function_(shared, state_, times_[step_], times_[step_ + 1]);
  ++step_;
}

std::unique_ptr<Solver> make_solver(const SamplingOptions& options) {
  return std::make_unique<GridSolver>(time_grid(options.steps, options.shift),
                                      options.solver == SolverKind::kHeun ? heun_step : euler_step);
}

}  // namespace svgen::diffusion
