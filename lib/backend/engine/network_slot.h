// SPDX-License-Identifier: MIT
// The place of a network in an engine: filled from a file, and again whenever its weights are
// replaced.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "engine/load_network.h"
#include "svgen/error.h"

namespace svgen::engine {

template <typename Protocol>
class NetworkSlot {
 public:
  /// Loads the part's file; where that is missing, the slot stays empty if it may. The references
  /// must outlive this. Throws what load_network throws.
  NetworkSlot(const ModelFiles& files, ModelPart part, const systems::NetworkKind<Protocol>& kind,
              runtime::Runtime& runtime, bool may_be_empty, int64_t latent_channels = 0)
      : files_(files),
        part_(part),
        kind_(kind),
        runtime_(runtime),
        latent_channels_(latent_channels) {
    files.require(part);
    if (!may_be_empty || files.open_if_there(part) != nullptr)
      network_ = load_network(files, part, kind, runtime, latent_channels);
  }

  bool is_empty() const {
    const std::lock_guard lock(mutex_);
    return network_ == nullptr;
  }

  /// The network, for one call; it does not change while it is held. ConfigurationError when there
  /// is none.
  std::shared_ptr<const Protocol> get() const {
    const std::lock_guard lock(mutex_);
    if (network_ != nullptr) return network_;
    throw ConfigurationError(
        "there are no weights yet: they come from a training, and a TrainingFollower waits for it",
        {.expected = "a training of this card in this process",
         .found = "none so far",
         .where = files_.card().path.string()});
  }

  /// Puts other weights in place for all calls that begin later. Throws what load_weights throws,
  /// and then keeps the old ones.
  void replace(const weights::StateSource& source) {
    std::shared_ptr<Protocol> network = kind_.make(files_.card(), source, latent_channels_);
    load_weights(*network, source, runtime_);
    const std::lock_guard lock(mutex_);
    network_ = std::move(network);
  }

 private:
  const ModelFiles& files_;
  const ModelPart part_;
  const systems::NetworkKind<Protocol>& kind_;
  runtime::Runtime& runtime_;
  const int64_t latent_channels_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Protocol> network_;
};

}  // namespace svgen::engine
