// SPDX-License-Identifier: MIT
// The network behind a role: loaded once, or taken over again and again from a training.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "engine/load_role.h"
#include "engine/training_feed.h"
#include "svgen/error.h"
#include "weights/prefixed_source.h"

namespace svgen::engine {

/// What a role needs to follow a training: the feed, and where its network's tensors are in it.
struct Followed {
  std::shared_ptr<TrainingFeed> feed;  // null: the role does not follow
  std::string prefix;                  // of the names in the feed
};

template <typename Module>
class RoleModel {
 public:
  using MakeConfig =
      std::function<decltype(Module::config)(const Card&, const weights::StateSource&)>;

  /// Loads the role's file; one that follows may do without. `files` and `runtime` must outlive
  /// this.
  RoleModel(const ModelFiles& files, weights::Role role, runtime::Runtime& runtime,
            MakeConfig make_config, Followed followed)
      : files_(files),
        runtime_(runtime),
        make_config_(std::move(make_config)),
        followed_(std::move(followed)) {
    if (followed_.feed == nullptr || files.open_if_there(role) != nullptr)
      model_ = load_role<Module>(files, role, runtime, make_config_);
  }

  /// The network, for one call; it does not change while it is held.
  std::shared_ptr<const Module> get() const {
    const std::lock_guard lock(mutex_);
    if (model_ == nullptr)
      throw ConfigurationError(
          "there are no weights yet: they come from a training, and follow_training() waits for it",
          {"a training of this card in this process", "none so far", files_.card().path.string()});
    return model_;
  }

  /// Takes over the newest weights, see Sampler::follow_training.
  bool follow(const ProgressFunction& progress) {
    if (followed_.feed == nullptr || !wait_for_weights(progress)) return followed_.feed == nullptr;
    if (followed_.feed->step() == step_) return true;
    const auto [source, step] = followed_.feed->newest();
    if (source == nullptr) return true;  // it has just ended
    std::shared_ptr<const Module> taken = module_of<Module>(
        files_.card(), *weights::prefixed_source(source, followed_.prefix), runtime_, make_config_);
    const std::lock_guard lock(mutex_);
    model_ = std::move(taken);
    step_ = step;
    return true;
  }

 private:
  // Only where there are none at all. No training for so long is a mistake, not patience.
  bool wait_for_weights(const ProgressFunction& progress) {
    using namespace std::chrono_literals;
    constexpr auto kLongest = 60s;
    const auto start = std::chrono::steady_clock::now();
    while (followed_.feed->step() < 0) {
      {
        const std::lock_guard lock(mutex_);
        if (model_ != nullptr) return true;
      }
      if (followed_.feed->wait(50ms)) return true;
      if (progress && !progress({})) return false;
      if (std::chrono::steady_clock::now() - start < kLongest) continue;
      throw ConfigurationError(
          "there is nothing to follow: start a training of the same card in this process, or name "
          "a card with weights",
          {"a training within a minute", "none", files_.card().path.string()});
    }
    return true;
  }

  const ModelFiles& files_;
  runtime::Runtime& runtime_;
  MakeConfig make_config_;
  Followed followed_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Module> model_;
  int64_t step_ = -1;
};

}  // namespace svgen::engine
