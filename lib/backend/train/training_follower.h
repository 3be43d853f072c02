// SPDX-License-Identifier: MIT
// Takes the weights of a training in this process over into an engine.
#pragma once

#include <memory>
#include <string>

#include "svgen/trainer.h"
#include "train/trained_weights.h"

namespace svgen::train {

class ModelFollower : public TrainingFollower {
 public:
  /// ConfigurationError for a part that no trainer trains.
  ModelFollower(std::shared_ptr<Engine> engine, ModelPart part);

  bool update(const ProgressFunction& progress) override;

 private:
  bool wait_for_weights(const ProgressFunction& progress);

  std::shared_ptr<Engine> engine_;
  ModelPart part_;
  std::string prefix_;  // of the part's names among the trained ones
  std::shared_ptr<TrainedWeights> trained_;
  int64_t step_ = -1;  // that the engine's weights are from
};

}  // namespace svgen::train
