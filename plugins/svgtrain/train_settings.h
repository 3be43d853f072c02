// SPDX-License-Identifier: MIT
// The settings that both trainers have, as properties and as options of the library.
#pragma once

#include <string>
#include <vector>

#include "common/model_client.h"
#include "svgen/trainer.h"
#include "svgtrain/enums.h"

namespace svgen::gst {

struct TrainSettings : ModelSettings {
  std::string checkpoint, log;
  Initialization initialize = Initialization::kScratch;
  bool resume = false;
  int64_t batch_size = 32;
  int64_t sample_interval = 0;
};

/// The options that are no properties of their own, for the card that was found.
void fill_options(const TrainSettings& settings, const std::string& card, TrainerOptions& options);

/// The common properties of trainers whose options are `options`, a member of their settings.
template <typename Impl, typename Options>
std::vector<Property<Impl>> train_properties(Options Impl::Settings::*options) {
  using S = TrainSettings;
  using O = TrainerOptions;
  const auto option = [&]<typename T>(T O::*member, const PropertyText<T>& text) {
    return option_field<Impl>(options, static_cast<T Options::*>(member), text);
  };
  return joined(
      model_properties<Impl>(),
      {field<Impl>(&S::initialize, {.name = "initialize",
                                    .blurb = "The first weights: from nothing, or the card's"}),
       field<Impl>(&S::checkpoint,
                   {.name = "checkpoint",
                    .blurb = "Folder for checkpoints, samples and the loss curve (unset: nothing "
                             "is saved)"}),
       field<Impl>(&S::resume,
                   {.name = "resume", .blurb = "Go on from the last checkpoint, if there is one"}),
       field<Impl>(&S::log, {.name = "log", .blurb = "File of JSON lines, one a step"}),
       field<Impl>(&S::batch_size, {.name = "batch-size",
                                    .blurb = "Images in a batch (of each process)",
                                    .low = 1,
                                    .high = 65536}),
       field<Impl>(&S::sample_interval,
                   {.name = "sample-interval",
                    .blurb = "Steps between sample pictures in the checkpoint folder (0: none)",
                    .low = 0}),
       option(
           &O::max_steps,
           PropertyText<int64_t>{"max-steps", "Steps after which the stream ends (-1: never)", -1}),
       option(&O::checkpoint_interval,
              PropertyText<int64_t>{"checkpoint-interval", "Steps between checkpoints", 1}),
       option(&O::checkpoints_kept,
              PropertyText<int64_t>{"checkpoints-kept", "Checkpoints that are kept", 1}),
       option(&O::learning_rate,
              PropertyText<double>{"learning-rate", "Learning rate of Adam", 0, 10}),
       option(&O::ema_decay,
              PropertyText<double>{"ema-decay",
                                   "Decay of the average of the weights, which is what is "
                                   "exported (0: the weights themselves)",
                                   0, 1}),
       option(&O::accumulate,
              PropertyText<int64_t>{"accumulate", "Batches whose gradients make one step", 1}),
       option(
           &O::warmup_steps,
           PropertyText<int64_t>{"warmup-steps", "Steps of a linear rise of the learning rate", 0}),
       option(&O::final_rate,
              PropertyText<double>{"final-rate",
                                   "Share of the learning rate that is left at max-steps, reached "
                                   "along a cosine",
                                   0, 1}),
       option(&O::clip_norm, PropertyText<double>{"clip-norm",
                                                  "Largest norm of all gradients together (0: no "
                                                  "limit)",
                                                  0}),
       option(&O::seed, PropertyText<uint64_t>{"seed", "Seed of all that is random"})});
}

}  // namespace svgen::gst
