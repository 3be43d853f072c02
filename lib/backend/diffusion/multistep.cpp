// SPDX-License-Identifier: MIT
// Adams-Bashforth on a grid of times.
#include "diffusion/multistep.h"

#include <ATen/TensorOperators.h>

#include <utility>

namespace svgen::diffusion {

MultistepSolver::MultistepSolver(std::vector<float> times) : SolverOnGrid(std::move(times)) {}

void MultistepSolver::begin(at::Tensor state) {
  SolverOnGrid::begin(std::move(state));
  before_.reset();
}

void MultistepSolver::advance(const VelocityField& velocity) {
  const float t = times_[step_], width = times_[step_ + 1] - t;
  // Whoever evaluates may make this solver forget.
  const at::Tensor now = velocity(state_, shared_time(t));
  if (before_.defined() && t > times_[step_ - 1]) {
    const float ratio = 0.5f * width / (t - times_[step_ - 1]);
    state_ = state_ + (now * (1 + ratio) - before_ * ratio) * width;
  } else {
    state_ = state_ + now * width;
  }
  before_ = now;
  ++step_;
}

}  // namespace svgen::diffusion
