// SPDX-License-Identifier: MIT
// The velocity of a denoiser as sampling asks for it.
#pragma once

#include <memory>
#include <vector>

#include "diffusion/integration.h"
#include "models/network.h"
#include "runtime/graphed_network.h"

namespace svgen::engine {

/// The denoiser's velocity, with the conditionings of many steps at once: on a host where the bits
/// stay the same, on a CUDA device always, and there as a graph, recorded for each batch size and
/// kept for as long as the model stays. Labels are not checked.
class Velocity {
 public:
  Velocity();

  /// Returns the velocity for passes most of which are at `times`, in this order, with labels out
  /// of `labels` or the null class. Float32 whatever the model computes in. It keeps the model
  /// alive. `is_prediction`: what the network itself predicts instead.
  diffusion::VelocityModel of(const std::shared_ptr<const models::Denoiser>& model,
                              const std::vector<float>& times, const std::vector<int64_t>& labels,
                              bool is_prediction = false);

 private:
  // Of x and the conditioning.
  runtime::GraphedNetwork<models::Denoiser> velocities_, predictions_;
};

}  // namespace svgen::engine
