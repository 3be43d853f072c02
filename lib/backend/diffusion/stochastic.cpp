// SPDX-License-Identifier: MIT
// Euler-Maruyama and stochastic Heun.
#include "diffusion/stochastic.h"

#include <ATen/TensorOperators.h>

#include <cmath>
#include <numbers>
#include <utility>

#include "svgen/error.h"

namespace svgen::diffusion {

double diffusion_at(const SamplingOptions& options, Path path, double t) {
  const double norm = options.diffusion_norm;
  switch (options.diffusion_form) {
    case DiffusionForm::kSigma:
      return norm * path_terms(path, t).sigma;
    case DiffusionForm::kDecreasing: {
      const double root = norm * std::cos(std::numbers::pi * t) + 1;
      return 0.25 * root * root;
    }
    case DiffusionForm::kLinear:
    case DiffusionForm::kIncreasingDecreasing:
    case DiffusionForm::kConstant:
    case DiffusionForm::kSbdm:
      break;
  }
  return norm * (1 - t);
}

StochasticSolver::StochasticSolver(const SamplingOptions& options, const Process& process,
                                   StepNoise noise, double start)
    : options_(options),
      path_(process.path),
      noise_(std::move(noise)),
      last_width_(options.last_step_size * (1 - start)) {
  const bool has_last = options.last_step != LastStep::kNone;
  const auto first = static_cast<float>(start);
  const auto end = static_cast<float>(has_last ? 1 - last_width_ : 1);
  const int64_t equal = has_last ? options.steps - 1 : options.steps;
  if (has_last && options.steps < 2)
    throw ConfigurationError("the solver needs a step before its last one",
                             {.expected = "2 steps or more, or last-step=none",
                              .found = std::to_string(options.steps),
                              .where = "steps"});
  const float width = (end - first) / static_cast<float>(equal);
  for (int64_t i = 0; i < equal; ++i) {
    // Counted from the nearer end, as a grid of times is.
    const bool is_first_half = i < (equal + 1) / 2;
    times_.push_back(is_first_half ? first + width * static_cast<float>(i)
                                   : end - width * static_cast<float>(equal - i));
  }
  times_.push_back(end);
  if (!has_last) times_.back() = 1;
}

Times StochasticSolver::now() const {
  return shared_time(done() ? 1 : times_[static_cast<size_t>(step_)]);
}

at::Tensor StochasticSolver::drift(const at::Tensor& velocity, const at::Tensor& x, float t) const {
  return velocity + score_of(path_, velocity, x, t) * diffusion_at(options_, path_, t);
}

at::Tensor StochasticSolver::last_step(const at::Tensor& velocity, float t) const {
  if (options_.last_step == LastStep::kEuler) return state_ + velocity * last_width_;
  if (options_.last_step == LastStep::kMean)
    return state_ + drift(velocity, state_, t) * last_width_;
  const PathTerms at = path_terms(path_, t);
  const at::Tensor score = score_of(path_, velocity, state_, t);
  return state_ / at.alpha + score * (at.sigma * at.sigma / at.alpha);
}

void StochasticSolver::advance(const VelocityField& velocity) {
  const auto at_time = [&](const at::Tensor& x, float t) { return velocity(x, shared_time(t)); };
  const float t = times_[step_];
  if (step_ + 1 == static_cast<int64_t>(times_.size())) {
    state_ = last_step(at_time(state_, t), t);
    ++step_;
    return;
  }
  const float t_next = times_[step_ + 1], width = t_next - t;
  const double spread = std::sqrt(2 * diffusion_at(options_, path_, t)) * std::sqrt(width);
  const at::Tensor noise = noise_(step_) * spread;
  if (options_.solver == SolverKind::kStochasticHeun) {
    const at::Tensor noisy = state_ + noise;
    const at::Tensor first = drift(at_time(noisy, t), noisy, t);
    const at::Tensor predicted = noisy + first * width;
    // At the very end there is no score.
    const at::Tensor second =
        t_next < 1 ? drift(at_time(predicted, t_next), predicted, t_next) : first;
    state_ = noisy + (first + second) * (0.5f * width);
  } else {
    state_ = state_ + drift(at_time(state_, t), state_, t) * width + noise;
  }
  ++step_;
}

}  // namespace svgen::diffusion
