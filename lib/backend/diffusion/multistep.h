// SPDX-License-Identifier: MIT
// The linear multistep solver: one evaluation a step, and the one before it.
#pragma once

#include "diffusion/solver.h"

namespace svgen::diffusion {

/// Adams-Bashforth of order 2 for steps of different widths: x + h ((1 + r / 2) v - r / 2 v_before)
/// with r = h / h_before. Euler in the first step, and behind forget().
class MultistepSolver : public Solver {
 public:
  explicit MultistepSolver(std::vector<float> times);

  void begin(at::Tensor noise) override;
  void advance(const VelocityField& velocity) override;
  void forget() override { before_.reset(); }
  bool done() const override { return step_ + 1 == static_cast<int64_t>(times_.size()); }
  int64_t step() const override { return step_; }
  const at::Tensor& state() const override { return state_; }
  std::vector<float> known_times() const override { return times_; }

 private:
  std::vector<float> times_;
  at::Tensor state_, before_;  // the velocity of the step before
  int64_t step_ = 0;
};

}  // namespace svgen::diffusion
