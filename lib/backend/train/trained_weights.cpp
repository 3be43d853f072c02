// SPDX-License-Identifier: MIT
// Hands the weights of a training to those who follow it.
#include "train/trained_weights.h"

#include <exception>
#include <map>
#include <utility>

namespace svgen::train {

std::shared_ptr<TrainedWeights> TrainedWeights::of(const Card& card, const std::string& kind) {
  static std::mutex mutex;
  static std::map<std::pair<std::string, std::string>, std::weak_ptr<TrainedWeights>> feeds;
  std::error_code ignored;
  const std::string path = std::filesystem::weakly_canonical(card.path, ignored).string();
  const std::lock_guard lock(mutex);
  std::weak_ptr<TrainedWeights>& entry = feeds[{path, kind}];
  std::shared_ptr<TrainedWeights> feed = entry.lock();
  if (feed == nullptr) entry = feed = std::make_shared<TrainedWeights>();
  return feed;
}

void TrainedWeights::open(int64_t step, Snapshot snapshot) {
  {
    const std::lock_guard lock(mutex_);
    snapshot_ = std::move(snapshot);
    step_ = step;
  }
  began_.notify_all();
}

void TrainedWeights::close(bool followed) {
  const std::lock_guard lock(mutex_);
  if (!snapshot_) return;
  Weights last;
  try {
    if (followed) last = snapshot_();
  } catch (const std::exception&) {
    last = nullptr;  // no memory for a copy: followers keep the weights they took before
  }
  snapshot_ = last ? Snapshot([last] { return last; }) : nullptr;
  if (!last) step_ = -1;
}

std::pair<TrainedWeights::Weights, int64_t> TrainedWeights::newest() {
  const std::lock_guard lock(mutex_);
  if (!snapshot_) return {nullptr, -1};
  return {snapshot_(), step_};
}

bool TrainedWeights::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return began_.wait_for(lock, time, [this] { return snapshot_ != nullptr; });
}

}  // namespace svgen::train
