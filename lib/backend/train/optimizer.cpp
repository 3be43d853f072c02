// SPDX-License-Identifier: MIT
// Adam and the moving average.
#include "train/optimizer.h"

#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <algorithm>

namespace svgen::train {

Optimizer::Optimizer(FlatParameters& parameters, const OptimizerConfig& config)
    : parameters_(parameters),
      config_(config),
      mean_(at::zeros_like(parameters.values())),
      square_(at::zeros_like(parameters.values())) {}

double Optimizer::rate() const {
  if (steps_ >= config_.warmup_steps) return config_.learning_rate;
  return config_.learning_rate * static_cast<double>(steps_ + 1) /
         static_cast<double>(config_.warmup_steps);
}

double Optimizer::gradient_norm() const {
  return at::linalg_vector_norm(parameters_.gradients(), 2, {}, false, at::kDouble).item<double>();
}

void Optimizer::step(double norm) {
  const at::NoGradGuard no_grad;
  const at::Tensor& gradients = parameters_.gradients();
  if (config_.clip_norm > 0 && norm > config_.clip_norm) gradients.mul_(config_.clip_norm / norm);
  // The operator takes the number of this update, from 1.
  const at::Tensor count = at::full({}, static_cast<double>(steps_ + 1), gradients.options());
  at::_fused_adamw_({parameters_.values()}, {gradients}, {mean_}, {square_}, {}, {count}, rate(),
                    config_.beta1, config_.beta2, config_.weight_decay, config_.eps,
                    /*amsgrad=*/false, /*maximize=*/false);
  gradients.zero_();
  ++steps_;
}

Ema::Ema(const FlatParameters& parameters, double decay) : parameters_(parameters), decay_(decay) {
  if (decay > 0) average_ = parameters.values().clone();
}

void Ema::update() {
  if (average_.defined()) average_.lerp_(parameters_.values(), 1 - decay_);
}

}  // namespace svgen::train
