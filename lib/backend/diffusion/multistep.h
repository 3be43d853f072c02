// SPDX-License-Identifier: MIT
// The linear multistep solver: one evaluation a step, and the one before it.
#pragma once

#include "diffusion/solver.h"

namespace svgen::diffusion {

/// Adams-Bashforth of order 2 for steps of different widths: x + h ((1 + r / 2) v - r / 2 v_before)
/// with r = h / h_before. Euler in the first step, and behind forget().
class MultistepSolver : public SolverOnGrid {
 public:
  explicit MultistepSolver(std::vector<float> times);

  void begin(at::Tensor state) override;
  void advance(const VelocityField& velocity) override;
  void forget() override { before_.reset(); }

 private:
  at::Tensor before_;  // the velocity of the step before
};

}  // namespace svgen::diffusion
