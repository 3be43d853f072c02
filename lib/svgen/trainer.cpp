// SPDX-License-Identifier: MIT
// Opening a trainer: options are checked here, the backend computes.
#include "svgen/trainer.h"

#include "svgen/backend.h"
#include "svgen/error.h"

namespace svgen {
namespace {

struct NumberRule {
  const char* name;
  double value, low, high;
};

template <size_t kCount>
void check(const NumberRule (&rules)[kCount]) {
  for (const NumberRule& rule : rules) {
    if (rule.value >= rule.low && rule.value <= rule.high) continue;
    throw ConfigurationError(std::string("the training option ") + rule.name + " is out of range",
                             {std::to_string(rule.low) + " to " + std::to_string(rule.high),
                              std::to_string(rule.value), rule.name});
  }
}

constexpr double kMany = 1e15;

void check_common(const TrainerOptions& o) {
  check({{"max-steps", static_cast<double>(o.max_steps), -1, kMany},
         {"checkpoint-interval", static_cast<double>(o.checkpoint_interval), 1, kMany},
         {"checkpoints-kept", static_cast<double>(o.checkpoints_kept), 1, kMany},
         {"learning-rate", o.learning_rate, 0, 10},
         {"ema-decay", o.ema_decay, 0, 1},
         {"accumulate", static_cast<double>(o.accumulate), 1, kMany},
         {"warmup-steps", static_cast<double>(o.warmup_steps), 0, kMany},
         {"clip-norm", o.clip_norm, 0, kMany}});
}

}  // namespace

std::unique_ptr<AutoencoderTrainer> AutoencoderTrainer::open(const AutoencoderOptions& options) {
  check_common(options);
  check({{"mask-ratio", options.mask_ratio, 0, 1},
         {"perceptual-weight", options.perceptual_weight, 0, kMany},
         {"discriminator-weight", options.discriminator_weight, 0, kMany},
         {"discriminator-start", static_cast<double>(options.discriminator_start), 0, kMany}});
  return backend().open_trainer(options);
}

std::unique_ptr<DiffusionTrainer> DiffusionTrainer::open(const DiffusionOptions& options) {
  check_common(options);
  check({{"shift", options.shift, -kMany, kMany},
         {"class-dropout", options.class_dropout, 0, 1},
         {"weight-decay", options.weight_decay, 0, kMany}});
  return backend().open_trainer(options);
}

}  // namespace svgen
