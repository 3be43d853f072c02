// SPDX-License-Identifier: MIT
// Integrating noise to normalised latents along a guided velocity.
#include "diffusion/sampler.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <utility>

#include "diffusion/guidance.h"
#include "diffusion/path.h"
#include "diffusion/solver.h"

namespace svgen::diffusion {

Integration::Integration(GuidedModel guided_model, at::Tensor noise, const SamplingOptions& options)
    : model_(std::move(guided_model.model)),
      options_(options),
      times_(time_grid(options.steps, options.shift)),
      labels_(at::tensor(guided_model.labels).to(noise.device())),
      null_labels_(at::full_like(labels_, guided_model.null_label)),
      both_labels_(at::cat({labels_, null_labels_})),
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
  if (weights == GuidanceWeights{.conditional = 0, .null = 0}) return at::zeros_like(x);
  if (weights.null == 0) return model_(x, t, labels_) * weights.conditional;
  if (weights.conditional == 0) return model_(x, t, null_labels_) * weights.null;
  // Both in one batch: the weights are read once, and small models fill the machine.
  const at::Tensor both = model_(at::cat({x, x}), t, both_labels_);
  const int64_t images = x.size(0);
  return both.narrow(0, 0, images) * weights.conditional +
         both.narrow(0, images, images) * weights.null;
}

}  // namespace svgen::diffusion
