// SPDX-License-Identifier: MIT
// Solvers of dx/dt = v(x, t) from noise (t = 0) to data (t = 1). A solver owns its times, its
// history and its control of errors; whoever drives it supplies the velocity and asks for steps.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
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

  /// Starts from a state (N, T, C) at its first time: from noise, where that is t = 0. The state
  /// stays in its dtype.
  virtual void begin(at::Tensor state) {
    state_ = std::move(state);
    step_ = 0;
  }
  /// Takes one step of all images.
  virtual void advance(const VelocityField& velocity) = 0;
  virtual bool done() const = 0;

  /// Forgets the velocities of earlier steps: those to come are of another field.
  virtual void forget() {}
  /// Goes on from another state at the times where it stands.
  virtual void replace_state(at::Tensor state) { state_ = std::move(state); }

  int64_t step() const { return step_; }              // steps done
  const at::Tensor& state() const { return state_; }  // (N, T, C)
  /// The steps from the first time to the end; 0 where that shows only at the end.
  virtual int64_t steps() const { return 0; }
  /// The time of each image's state; 1 at the end.
  virtual Times now() const = 0;
  /// The times it will ask for, as far as they are known before; most are asked for in this order.
  virtual std::vector<float> known_times() const { return {}; }

 protected:
  /// One time for all images.
  Times shared_time(float t) const { return Times(static_cast<size_t>(state_.size(0)), t); }

  at::Tensor state_;
  int64_t step_ = 0;
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

/// Steps along a list of times, which all images share.
class SolverOnGrid : public Solver {
 public:
  explicit SolverOnGrid(std::vector<float> times) : times_(std::move(times)) {}

  bool done() const override { return step_ == steps(); }
  int64_t steps() const override { return static_cast<int64_t>(times_.size()) - 1; }
  Times now() const override { return shared_time(times_[static_cast<size_t>(step_)]); }
  std::vector<float> known_times() const override { return times_; }

 protected:
  std::vector<float> times_;
};

/// Takes the same step between all neighbours of the times.
class GridSolver : public SolverOnGrid {
 public:
  /// `last_step` takes the last step; null: `step_function` does.
  GridSolver(std::vector<float> times, SolverStep step_function, SolverStep last_step = nullptr);

  void advance(const VelocityField& velocity) override;

 private:
  SolverStep step_function_, last_step_;
};

/// The solver that the settings name, on their grid of times. `noise` is asked by stochastic ones
/// only. `strength` s, above 0: it starts at the shifted time of u = (1 - s) end instead of at the
/// noise, and spreads its steps over the rest of u (SDEdit, Meng et al., 2022); solvers of a
/// diffusion take those of their steps that are left. ConfigurationError for a solver that cannot
/// reverse the process, or a number of steps that it cannot take.
std::unique_ptr<Solver> make_solver(const SamplingOptions& options, const Process& process = {},
                                    StepNoise noise = {}, double strength = 1);

}  // namespace svgen::diffusion
