// SPDX-License-Identifier: MIT
// Hands the weights of a training to those in the same process who follow it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "svgen/card.h"
#include "weights/state_source.h"

namespace svgen::train {

class TrainedWeights {
 public:
  using Weights = std::shared_ptr<const weights::StateSource>;
  /// A copy of the weights as they are. Called while they do not change, on any thread.
  using Snapshot = std::function<Weights()>;

  /// The one of a card and a kind of training ("autoencoder", "diffusion"), the same for the
  /// trainer and all who follow, as long as somebody holds it.
  static std::shared_ptr<TrainedWeights> of(const Card& card, const std::string& kind);

  // The trainer's side.

  void open(int64_t step, Snapshot snapshot);
  /// Held while the weights change; `step` is announced when it is released.
  class Change {
   public:
    Change(TrainedWeights& weights, int64_t step)
        : weights_(weights), lock_(weights.mutex_), step_(step) {}
    ~Change() { weights_.step_ = step_; }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

   private:
    TrainedWeights& weights_;
    std::lock_guard<std::mutex> lock_;
    int64_t step_;
  };
  /// The training ends: `followed` keeps the last weights for those who follow.
  void close(bool followed);

  // A follower's side.

  /// Optimizer steps behind the newest weights; -1 before a training began.
  int64_t step() const { return step_; }
  /// The newest weights and their step; null before a training began.
  std::pair<Weights, int64_t> newest();
  /// Waits until a training has begun; false when none has after this time.
  bool wait(std::chrono::milliseconds time);

 private:
  std::mutex mutex_;
  std::condition_variable began_;
  Snapshot snapshot_;
  std::atomic<int64_t> step_{-1};
};

}  // namespace svgen::train
