// SPDX-License-Identifier: MIT
// Solvers of the stochastic differential equation with the same marginals as the flow (Ma et al.,
// 2024, section 2.3): dx = (v + w s) dt + sqrt(2 w) dW, with s the score and w(t) the diffusion.
#pragma once

#include "diffusion/solver.h"

namespace svgen::diffusion {

/// w(t) of the settings, for a path.
double diffusion_at(const SamplingOptions& options, Path path, double t);

/// Euler-Maruyama or stochastic Heun from 0 to 1 - last_step_size in steps - 1 equal steps, then
/// one step without noise; without a last step, all the way in `steps` equal ones. A start behind 0
/// shortens all of them in proportion.
class StochasticSolver : public Solver {
 public:
  StochasticSolver(const SamplingOptions& options, const Process& process, StepNoise noise,
                   double start = 0);

  void advance(const VelocityField& velocity) override;
  bool done() const override { return step_ == options_.steps; }
  int64_t steps() const override { return options_.steps; }
  Times now() const override;
  std::vector<float> known_times() const override { return times_; }

 private:
  at::Tensor drift(const at::Tensor& velocity, const at::Tensor& x, float t) const;
  at::Tensor last_step(const at::Tensor& velocity, float t) const;

  SamplingOptions options_;
  Path path_;
  StepNoise noise_;
  double last_width_;         // of the last step
  std::vector<float> times_;  // where each step begins
};

}  // namespace svgen::diffusion
