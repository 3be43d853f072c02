// SPDX-License-Identifier: MIT
// Adam and the moving average.
#include "train/optimizer.h"

#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace svgen::train {

Optimizer::Optimizer(FlatParameters& parameters, const OptimizerConfig& config)
    : parameters_(parameters),
      config_(config),
      mean_(at::zeros_like(parameters.values())),
      square_(at::zeros_like(parameters.values())) {}

double Optimizer::rate() const {
  const auto step = static_cast<double>(steps_), warmup = static_cast<double>(config_.warmup_steps);
  if (step < warmup) return config_.learning_rate * (step + 1) / warmup;
  const double length = static_cast<double>(config_.last_step) - warmup;
  if (config_.final_rate == 1 || length <= 0) return config_.learning_rate;
  const double way = std::min(1.0, (step - warmup) / length);
  const double share = 0.5 * (1 + std::cos(std::numbers::pi * way));  // 1 to 0
  return config_.learning_rate * (config_.final_rate + (1 - config_.final_rate) * share);
}

double Optimizer::gradient_norm() const {
  // Rows of float32, then their norms in float64: the whole in float64 would be a copy of twice the
  // gradients' size.
  constexpr int64_t kRow = 4096;
  const at::Tensor& all = parameters_.gradients();
  const int64_t rows = all.numel() / kRow, rest = all.numel() - rows * kRow;
  const at::Tensor norms =
      at::cat({at::linalg_vector_norm(all.narrow(0, 0, rows * kRow).view({rows, kRow}), 2, {1}),
               at::linalg_vector_norm(all.narrow(0, rows * kRow, rest)).view({1})});  // (rows + 1)
  return at::linalg_vector_norm(norms, 2, {}, false, at::kDouble).item<double>();
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
