// SPDX-License-Identifier: MIT
// One step of an ordinary differential equation dx/dt = v(x, t).
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "svgen/sampling.h"

namespace svgen::diffusion {

/// v(x, t), of the shape of x.
using VelocityField = std::function<at::Tensor(const at::Tensor& x, float t)>;

/// x + (t_next - t) v(x, t): one evaluation, exact where v is constant.
at::Tensor euler_step(const VelocityField& velocity, const at::Tensor& x, float t, float t_next);

/// Predicts with Euler, then steps with the mean of the velocities at both ends: two evaluations,
/// exact where v is linear in t.
at::Tensor heun_step(const VelocityField& velocity, const at::Tensor& x, float t, float t_next);

using SolverStep = at::Tensor (*)(const VelocityField&, const at::Tensor&, float, float);
SolverStep solver_step(SolverKind solver);

}  // namespace svgen::diffusion
