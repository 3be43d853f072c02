// SPDX-License-Identifier: MIT
// Ancestral and DDIM steps.
#include "diffusion/ddpm.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/exp.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace svgen::diffusion {

DiffusionSolver::DiffusionSolver(const SamplingOptions& options, StepNoise noise, double start)
    : options_(options),
      table_(diffusion_table(options.steps, options.timestep_spacing)),
      noise_(std::move(noise)) {
  const auto distance = [&](int64_t kept) { return std::abs(time(kept) - start); };
  int64_t nearest = 0;
  for (int64_t kept = 1; kept < std::ssize(table_.steps); ++kept)
    if (distance(kept) < distance(nearest)) nearest = kept;
  steps_ = nearest + 1;
}

Times DiffusionSolver::now() const {
  return shared_time(done() ? 1 : time(steps_ - 1 - step_));
}

float DiffusionSolver::time(int64_t kept) const {
  constexpr auto kSteps = static_cast<float>(DiffusionTable::kSteps);
  return 1 - static_cast<float>(table_.steps[static_cast<size_t>(kept)]) / kSteps;
}

std::vector<float> DiffusionSolver::known_times() const {
  std::vector<float> times;
  for (int64_t kept = steps_; kept-- > 0;) times.push_back(time(kept));
  return times;
}

void DiffusionSolver::advance(const VelocityField& prediction) {
  const int64_t kept = steps_ - 1 - step_;
  const int64_t channels = state_.size(2);
  const at::Tensor out = prediction(state_, shared_time(time(kept)));
  const at::Tensor epsilon = out.narrow(2, 0, channels);
  const at::Tensor share =
      out.size(2) == 2 * channels ? out.narrow(2, channels, channels) : at::Tensor();
  state_ = options_.solver == SolverKind::kDdim ? implicit(epsilon, kept)
                                                : ancestral(epsilon, share, kept);
  ++step_;
}

// Coefficients are computed in double and used in float32, as published.
at::Tensor DiffusionSolver::ancestral(const at::Tensor& epsilon, const at::Tensor& share,
                                      int64_t kept) const {
  const auto k = static_cast<size_t>(kept);
  const PosteriorTerms terms = posterior_terms(table_, k);
  const at::Tensor data = state_ * terms.from_state - epsilon * terms.from_noise;
  at::Tensor mean = data * terms.of_data + state_ * terms.of_state;
  if (kept == 0) return mean;
  const at::Tensor noise = noise_(step_);
  if (!share.defined()) return mean + noise * std::sqrt(table_.beta[k]);
  const at::Tensor above = (share + 1) * 0.5;
  return mean + noise * at::exp((above * terms.log_high + (1 - above) * terms.log_low) * 0.5);
}

at::Tensor DiffusionSolver::implicit(const at::Tensor& epsilon, int64_t kept) const {
  const auto k = static_cast<size_t>(kept);
  const double bar = table_.alpha_bar[k], before = table_.alpha_bar_before[k];
  const PosteriorTerms terms = posterior_terms(table_, k);
  const at::Tensor data = state_ * terms.from_state - epsilon * terms.from_noise;
  const double sigma =
      options_.eta * std::sqrt((1 - before) / (1 - bar)) * std::sqrt(1 - bar / before);
  const at::Tensor mean =
      data * std::sqrt(before) + epsilon * std::sqrt(std::max(0.0, 1 - before - sigma * sigma));
  return sigma > 0 && kept > 0 ? mean + noise_(step_) * sigma : mean;
}

}  // namespace svgen::diffusion
