// SPDX-License-Identifier: MIT
// Solvers of dx/dt = v(x, t) from noise (t = 0) to data (t = 1). A solver owns its times, its
// history and its control of errors; whoever drives it supplies the velocity and asks for steps.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "diffusion/process.h"
#include "svgen/sampling.h"

namespace svgen::diffusion {

/// A time for each image of a batch.
using Times = std::vector<float>;

/// v(x, t), of the shape of x (N, ...). Of a model that predicts noise: what it predicts.
using VelocityField = std::function<at::Tensor(const at::Tensor& x, const Times& t)>;

/// Standard normal noise of the shape of the state, for a step: 0, 1, ...
using StepNoise = std::function<at::Tensor(int64_t step)>;

class Solver {
 public:
  virtual ~Solver() = default;

  /// Starts from noise (N, T, C) at t = 0. The state stays in its dtype.
  virtual void begin(at::Tensor noise) = 0;
  /// Takes one step of all images.
  virtual void advance(const VelocityField& velocity) = 0;
  virtual bool done() const = 0;

  /// Forgets the velocities of earlier steps: those to come are of another field.
  virtual void forget() {}

  virtual int64_t step() const = 0;             // steps done
  virtual const at::Tensor& state() const = 0;  // (N, T, C)
  /// The times it will ask for, as far as they are known before; most are asked for in this order.
  virtual std::vector<float> known_times() const { return {}; }
};

/// v(x, t) where all images share the time.
using SharedTimeField = std::function<at::Tensor(const at::Tensor& x, float t)>;
/// Steps from x at t to x at t_next.
using SolverStep = at::Tensor (*)(const SharedTimeField&, const at::Tensor& x, float t,
                                  float t_next);

/// x + (t_next - t) v(x, t): one evaluation, exact where v is constant.
at::Tensor euler_step(const SharedTimeField& velocity, const at::Tensor& x, float t, float t_next);

/// Predicts with Euler, then steps with the mean of the velocities at both ends: two evaluations,
/// exact where v is linear in t.
at::Tensor heun_step(const SharedTimeField& velocity, const at::Tensor& x, float t, float t_next);

/// Steps half way with Euler, then all the way with the velocity there: two evaluations.
at::Tensor midpoint_step(const SharedTimeField& velocity, const at::Tensor& x, float t,
                         float t_next);

/// Kutta's 3/8 rule: four evaluations, of order 4.
at::Tensor rk4_step(const SharedTimeField& velocity, const at::Tensor& x, float t, float t_next);

/// Takes the same step between all neighbours of a list of times, which all images share.
class GridSolver : public Solver {
 public:
  /// `last_step` takes the last step; null: `step_function` does.
  GridSolver(std::vector<float> times, SolverStep step_function, SolverStep last_step = nullptr);

  void begin(at::Tensor noise) override;
  void advance(const VelocityField& velocity) override;
  bool done() const override { return step_ + 1 == static_cast<int64_t>(times_.size()); }
  int64_t step() const override { return step_; }
  const at::Tensor& state() const override { return state_; }
  std::vector<float> known_times() const override { return times_; }

 private:
  std::vector<float> times_;
  SolverStep step_function_, last_step_;
  at::Tensor state_;
  int64_t step_ = 0;
};

/// The solver that the settings name, on their grid of times. `noise` is asked by stochastic ones
/// only. ConfigurationError for a solver that cannot reverse the process, or a number of steps that
/// it cannot take.
std::unique_ptr<Solver> make_solver(const SamplingOptions& options, const Process& process = {},
                                    StepNoise noise = {});

}  // namespace svgen::diffusion
