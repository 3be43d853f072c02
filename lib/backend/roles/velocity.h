// SPDX-License-Identifier: MIT
// The velocity of a diffusion transformer as sampling asks for it.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "flow/replay.h"
#include "flow/sampler.h"
#include "models/dit.h"

namespace svgen::roles {

/// On a host the model's forward(), with the modulations of many steps at once where the bits stay
/// the same; on a CUDA device the same as a graph, recorded for each batch size and kept for as
/// long as the model stays. There the labels are not checked: that would wait for the device at
/// every step.
class Velocity {
 public:
  /// For passes at `times`, most of them in this order, with labels out of `labels` or the null
  /// class. Float32 whatever the model computes in. It keeps the model alive.
  flow::VelocityModel of(const std::shared_ptr<const models::Dit>& model,
                         const std::vector<float>& times, const std::vector<int64_t>& labels);

 private:
  std::shared_ptr<flow::Replay> replay_of(const std::shared_ptr<const models::Dit>& model);

  std::mutex mutex_;
  std::shared_ptr<const models::Dit> model_;  // that replay_ was recorded from
  std::shared_ptr<flow::Replay> replay_;
};

}  // namespace svgen::roles
