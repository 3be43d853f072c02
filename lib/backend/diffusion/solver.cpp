// SPDX-License-Identifier: MIT
// One step of an ordinary differential equation dx/dt = v(x, t).
#include "diffusion/solver.h"

#include <ATen/TensorOperators.h>

namespace svgen::diffusion {

// Products and sums are separate operations throughout: a fused one may round differently at the
// end of a thread's share, which would make results depend on the number of threads.

at::Tensor euler_step(const VelocityField& velocity, const at::Tensor& x, float t, float t_next) {
  return x + velocity(x, t) * (t_next - t);
}

at::Tensor heun_step(const VelocityField& velocity, const at::Tensor& x, float t, float t_next) {
  const at::Tensor at_start = velocity(x, t);
  const at::Tensor predicted = x + at_start * (t_next - t);
  const at::Tensor at_end = velocity(predicted, t_next);
  return x + (at_start + at_end) * (0.5f * (t_next - t));
}

SolverStep solver_step(SolverKind solver) {
  return solver == SolverKind::kHeun ? heun_step : euler_step;
}

}  // namespace svgen::diffusion
