// SPDX-License-Identifier: MIT
// Adam on flat parameters, with clipping, warm-up and the moving average of the weights.
#pragma once

#include <ATen/core/Tensor.h>

#include "train/flat_parameters.h"

namespace svgen::train {

struct OptimizerConfig {
  double learning_rate = 1e-4;
  double beta1 = 0.9, beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;  // decoupled, as in AdamW
  int64_t warmup_steps = 0;
  double final_rate = 1;  // share of the learning rate at last_step, reached along a cosine
  int64_t last_step = -1;
  double clip_norm = 0;  // 0: no limit
};

/// m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
/// w -= rate (m / (1 - b1^k)) / (sqrt(v / (1 - b2^k)) + eps) at update k (Kingma and Ba, 2015;
/// decay: Loshchilov and Hutter, 2019).
class Optimizer {
 public:
  /// The parameters must outlive this.
  Optimizer(FlatParameters& parameters, const OptimizerConfig& config);

  double gradient_norm() const;
  /// Makes one update from the gradients of this norm, which are 0 afterwards.
  void step(double norm);
  void step() { step(gradient_norm()); }

  int64_t steps() const { return steps_; }

  /// The learning rate of the next update.
  double rate() const;

  // Returned for checkpoints: flat like the values.
  const at::Tensor& mean() const { return mean_; }
  const at::Tensor& square() const { return square_; }
  void restore_steps(int64_t steps) { steps_ = steps; }

 private:
  FlatParameters& parameters_;
  OptimizerConfig config_;
  at::Tensor mean_, square_;
  int64_t steps_ = 0;
};

/// average = decay average + (1 - decay) values. Starts as a copy. With decay 0 it is the values.
class Ema {
 public:
  Ema(const FlatParameters& parameters, double decay);

  void update();
  const at::Tensor& values() const { return average_.defined() ? average_ : parameters_.values(); }
  bool averages() const { return average_.defined(); }
  double decay() const { return decay_; }

 private:
  const FlatParameters& parameters_;
  double decay_;
  at::Tensor average_;
};

}  // namespace svgen::train
