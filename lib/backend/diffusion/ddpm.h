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
  DiffusionSolver(const SamplingOptions& options, StepNoise noise);

  void begin(at::Tensor noise) override;
  void advance(const VelocityField& prediction) override;
  bool done() const override { return step_ == std::ssize(table_.steps); }
  int64_t step() const override { return step_; }
  const at::Tensor& state() const override { return state_; }
  std::vector<float> known_times() const override;

 private:
  float time(int64_t kept) const;
  at::Tensor ancestral(const at::Tensor& epsilon, const at::Tensor& share, int64_t kept) const;
  at::Tensor implicit(const at::Tensor& epsilon, int64_t kept) const;

  SamplingOptions options_;
  DiffusionTable table_;
  StepNoise noise_;
  at::Tensor state_;
  int64_t step_ = 0;
};

}  // namespace svgen::diffusion
