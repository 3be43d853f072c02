// SPDX-License-Identifier: MIT
// Steps along a velocity.
#include "diffusion/solver.h"

#include <ATen/TensorOperators.h>

#include <utility>
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

at::Tensor midpoint_step(const SharedTimeField& velocity, const at::Tensor& x, float t,
                         float t_next) {
  const float half = 0.5f * (t_next - t);
  const at::Tensor middle = x + velocity(x, t) * half;
  return x + velocity(middle, t + half) * (t_next - t);
}

at::Tensor rk4_step(const SharedTimeField& velocity, const at::Tensor& x, float t, float t_next) {
  const float width = t_next - t;
  constexpr float kThird = 1.0f / 3.0f;
  const at::Tensor k1 = velocity(x, t);
  const at::Tensor k2 = velocity(x + k1 * (width * kThird), t + width * kThird);
  const at::Tensor k3 = velocity(x + (k2 - k1 * kThird) * width, t + width * (2 * kThird));
  const at::Tensor k4 = velocity(x + (k1 - k2 + k3) * width, t_next);
  return x + (k1 + (k2 + k3) * 3 + k4) * (width * 0.125f);
}

GridSolver::GridSolver(std::vector<float> times, SolverStep step_function, SolverStep last_step)
    : SolverOnGrid(std::move(times)),
      step_function_(step_function),
      last_step_(last_step == nullptr ? step_function : last_step) {}

void GridSolver::advance(const VelocityField& velocity) {
  const SharedTimeField shared = [&](const at::Tensor& x, float t) {
    return velocity(x, shared_time(t));
  };
  const SolverStep take_step = step_ + 1 == steps() ? last_step_ : step_function_;
  state_ = take_step(shared, state_, times_[step_], times_[step_ + 1]);
  ++step_;
}

}  // namespace svgen::diffusion
