// SPDX-License-Identifier: MIT
// Options that make no sense are refused before anything is opened.
#include "svgen/trainer.h"

#include <gtest/gtest.h>

#include "svgen/error.h"

namespace svgen {
namespace {

template <typename Options, typename Change>
std::string refusal(Change change) {
  Options options;
  options.model.model = "/nowhere/card.json";
  change(options);
  try {
    if constexpr (std::is_same_v<Options, DiffusionOptions>)
      DiffusionTrainer::open(options);
    else if constexpr (std::is_same_v<Options, EncoderOptions>)
      EncoderTrainer::open(options);
    else
      AutoencoderTrainer::open(options);
  } catch (const ConfigurationError& error) {
    return error.where();
  } catch (const Error&) {
    return "";
  }
  return "";
}

TEST(Trainer, RefusesOptionsOutOfRange) {
  using D = DiffusionOptions;
  EXPECT_EQ(refusal<D>([](D& o) { o.max_steps = -2; }), "max-steps");
  EXPECT_EQ(refusal<D>([](D& o) { o.accumulate = 0; }), "accumulate");
  EXPECT_EQ(refusal<D>([](D& o) { o.ema_decay = 1.1; }), "ema-decay");
  EXPECT_EQ(refusal<D>([](D& o) { o.class_dropout = -0.1; }), "class-dropout");
  EXPECT_EQ(refusal<D>([](D& o) { o.learning_rate = 0.0 / 0.0; }), "learning-rate");
  using A = AutoencoderOptions;
  EXPECT_EQ(refusal<A>([](A& o) { o.mask_ratio = 2; }), "mask-ratio");
  EXPECT_EQ(refusal<A>([](A& o) { o.checkpoint_interval = 0; }), "checkpoint-interval");
  EXPECT_EQ(refusal<A>([](A&) {}), "");
  using E = EncoderOptions;
  EXPECT_EQ(refusal<E>([](E& o) { o.final_rate = 0; }), "final-rate") << "without max-steps";
  EXPECT_EQ(refusal<E>([](E& o) { o.global_view.smallest_crop = 2; }), "smallest-crop");
  EXPECT_EQ(refusal<E>([](E& o) { o.teacher_temperature = 0; }), "teacher-temperature");
  EXPECT_EQ(refusal<E>([](E& o) { o.prototypes = 1; }), "prototypes");
}

}  // namespace
}  // namespace svgen
