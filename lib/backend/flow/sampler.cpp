// SPDX-License-Identifier: MIT
// Integrating noise to normalised latents along a guided velocity.
#include "flow/sampler.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <utility>

#include "flow/guidance.h"
#include "flow/path.h"
#include "flow/solver.h"

namespace svgen::flow {

Integration::Integration(GuidedModel guided_model, at::Tensor noise, const SamplingOptions& options)
    : model_(std::move(guided_model.model)),
      options_(options),
      times_(time_grid(options.steps, options.shift)),
      labels_(at::tensor(guided_model.labels).to(noise.device())),
      null_labels_(at::full_like(labels_, guided_model.null_label)),
      state_(std::move(noise)) {}

void Integration::advance() {
  const auto field = [this](const at::Tensor& x, float t) { return guided_velocity(x, t); };
  state_ = solver_step(options_.solver)(field, state_, times_[step_], times_[step_ + 1]);
  ++step_;
}

// Heun evaluates twice within one step: schedules in the step see the same step, schedules in the
// time see the time of the evaluation.
at::Tensor Integration::guided_velocity(const at::Tensor& x, float t) const {
  const GuidanceWeights weights = guidance_weights(options_, step_, t);
  if (weights == GuidanceWeights{}) return velocity(x, t, labels_);
  at::Tensor sum;
  const auto accumulate = [&](double weight, const at::Tensor& labels) {
    if (weight == 0) return;
    const at::Tensor term = velocity(x, t, labels) * weight;
    sum = sum.defined() ? sum + term : term;
  };
  accumulate(weights.conditional, labels_);
  accumulate(weights.null, null_labels_);
  return sum.defined() ? sum : at::zeros_like(x);
}

at::Tensor Integration::velocity(const at::Tensor& x, float t, const at::Tensor& labels) const {
  return model_(x, at::full({x.size(0)}, t, x.options()), labels);  // (N, T, C)
}

}  // namespace svgen::flow
