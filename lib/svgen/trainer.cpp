// SPDX-License-Identifier: MIT
// Opening a trainer: options are checked here, the backend computes.
#include "svgen/trainer.h"

#include <utility>

#include "svgen/backend.h"
#include "svgen/error.h"
#include "svgen/text.h"

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
                             {.expected = fixed_text(rule.low) + " to " + fixed_text(rule.high),
                              .found = fixed_text(rule.value),
                              .where = rule.name});
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
         {"final-rate", o.final_rate, 0, 1},
         {"clip-norm", o.clip_norm, 0, kMany}});
  if (o.final_rate == 1 || o.max_steps >= 0) return;
  throw ConfigurationError(
      "a learning rate that falls needs an end: set max-steps",
      {.expected = "max-steps, or final-rate 1", .found = "no max-steps", .where = "final-rate"});
}

void check_view(const AugmentOptions& o) {
  check({{"smallest-crop", o.smallest_crop, 1e-4, o.largest_crop},
         {"largest-crop", o.largest_crop, 1e-4, 1},
         {"jitter-share", o.jitter_share, 0, 1},
         {"brightness", o.brightness, 0, 1},
         {"contrast", o.contrast, 0, 1},
         {"saturation", o.saturation, 0, 1},
         {"hue", o.hue, 0, 0.5},
         {"grey-share", o.grey_share, 0, 1},
         {"blur-share", o.blur_share, 0, 1},
         {"coarse-share", o.coarse_share, 0, 1},
         {"noise", o.noise, 0, 255}});
}

}  // namespace

std::unique_ptr<AutoencoderTrainer> AutoencoderTrainer::open(const AutoencoderOptions& options) {
  check_common(options);
  check({{"mask-ratio", options.mask_ratio, 0, 1},
         {"perceptual-weight", options.perceptual_weight, 0, kMany},
         {"beta1", options.beta1, 0, 0.9999},
         {"beta2", options.beta2, 0, 0.9999999},
         {"perceptual-share", options.perceptual_share, 0, 1},
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

std::unique_ptr<EncoderTrainer> EncoderTrainer::open(const EncoderOptions& options) {
  check_common(options);
  check_view(options.global_view);
  check_view(options.local_view);
  check({{"local-views", static_cast<double>(options.local_views), 0, 64},
         {"local-size", static_cast<double>(options.local_size), 0, 4096},
         {"patch-weight", options.patch_weight, 0, kMany},
         {"mask-share", options.mask_share, 0, 1},
         {"label-weight", options.label_weight, 0, kMany},
         {"teacher-temperature", options.teacher_temperature, 0.02, 10},
         {"student-temperature", options.student_temperature, 0.02, 10},
         {"prototypes", static_cast<double>(options.prototypes), 2, 1 << 20},
         {"sinkhorn-steps", static_cast<double>(options.sinkhorn_steps), 0, kMany},
         {"head-width", static_cast<double>(options.head_width), 1, 1 << 16},
         {"head-bottleneck", static_cast<double>(options.head_bottleneck), 1, 1 << 16},
         {"layer-scale", options.layer_scale, 0, 1000},
         {"weight-decay", options.weight_decay, 0, kMany}});
  return backend().open_trainer(options);
}

std::unique_ptr<TrainingFollower> TrainingFollower::create(std::shared_ptr<Engine> engine,
                                                           ModelPart part) {
  return backend().create_follower(std::move(engine), part);
}

}  // namespace svgen
