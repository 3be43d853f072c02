// SPDX-License-Identifier: MIT
// Reverses a diffusion whose model predicts noise, and perhaps the variance of each step.
#pragma once

#include "diffusion/solver.h"

namespace svgen::diffusion {

/// Ancestral steps (Ho et al., 2020), with the variance that the model interpolates between its
/// bounds (Nichol and Dhariwal, 2021, equation 15) or the larger bound; or DDIM's (Song et al.,
/// 2021, equation 12). The field gives the noise, and behind its channels the share of the
/// variance. Time t stands for step 1000 (1 - t).
class DiffusionSolver : public Solver {
 public:
  /// Starts at the kept step that is nearest to the time `start`.
  DiffusionSolver(const SamplingOptions& options, StepNoise noise, double start = 0);

  void advance(const VelocityField& prediction) override;
  bool done() const override { return step_ == steps(); }
  int64_t steps() const override { return steps_; }
  Times now() const override;
  std::vector<float> known_times() const override;

 private:
  float time(int64_t kept) const;
  at::Tensor ancestral(const at::Tensor& epsilon, const at::Tensor& share, int64_t kept) const;
  at::Tensor implicit(const at::Tensor& epsilon, int64_t kept) const;

  SamplingOptions options_;
  DiffusionTable table_;
  StepNoise noise_;
  int64_t steps_;  // from the start on, of those that are kept
};

}  // namespace svgen::diffusion
