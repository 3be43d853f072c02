// SPDX-License-Identifier: MIT
// Takes the weights of a training over into an engine.
#include "train/training_follower.h"

#include <chrono>
#include <utility>
#include <vector>

#include "interop/tensor.h"
#include "svgen/error.h"
#include "weights/prefixed_source.h"

namespace svgen::train {
namespace {

/// Says which training makes a part, and under which prefix.
struct Origin {
  ModelPart part;
  const char* training;
  const char* prefix;
};
constexpr Origin kOrigins[] = {{ModelPart::kDecoder, "autoencoder", "decoder."},
                               {ModelPart::kDiffusion, "diffusion", ""}};

const Origin& origin_of(ModelPart part) {
  for (const Origin& origin : kOrigins)
    if (origin.part == part) return origin;
  throw ConfigurationError(
      "no training in this process makes this part of a model",
      {.expected = "decoder or diffusion", .found = part_key(part), .where = "TrainingFollower"});
}

}  // namespace

ModelFollower::ModelFollower(std::shared_ptr<Engine> engine, ModelPart part)
    : engine_(std::move(engine)),
      part_(part),
      prefix_(origin_of(part).prefix),
      trained_(TrainedWeights::of(engine_->card(), origin_of(part).training)) {}

bool ModelFollower::update(const ProgressFunction& progress) {
  if (!wait_for_weights(progress)) return false;
  if (trained_->step() == step_) return true;
  const auto [source, step] = trained_->newest();
  if (source == nullptr) return true;  // it has just ended
  const auto part = weights::prefixed_source(source, prefix_);
  std::vector<NamedTensor> tensors;
  for (const weights::TensorInfo& info : part->tensors())
    tensors.push_back({info.name, from_torch(part->read(info.name))});
  engine_->replace_weights(part_, tensors);
  step_ = step;
  return true;
}

// Waits only where there are no weights at all. No training for so long is a mistake.
bool ModelFollower::wait_for_weights(const ProgressFunction& progress) {
  using namespace std::chrono_literals;
  constexpr auto kLongest = 60s;
  const auto start = std::chrono::steady_clock::now();
  while (trained_->step() < 0) {
    if (engine_->has_weights(part_) || trained_->wait(50ms)) return true;
    if (progress && !progress({})) return false;
    if (std::chrono::steady_clock::now() - start < kLongest) continue;
    throw ConfigurationError(
        "there is nothing to follow: start a training of the same card in this process, or name "
        "a card with weights",
        {.expected = "a training within a minute",
         .found = "none",
         .where = engine_->card().path.string()});
  }
  return true;
}

}  // namespace svgen::train
