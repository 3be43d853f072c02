// SPDX-License-Identifier: MIT
// The velocity of a diffusion transformer as sampling asks for it.
#pragma once

#include <memory>
#include <vector>

#include "diffusion/sampler.h"
#include "models/dit/dit.h"
#include "runtime/replayed.h"

namespace svgen::engine {

/// The model's forward(), with the modulations of many steps at once: on a host where the bits stay
/// the same, on a CUDA device always, and there as a graph, recorded for each batch size and kept
/// for as long as the model stays. Labels are not checked.
class Velocity {
 public:
  Velocity();

  /// For passes at `times`, most of them in this order, with labels out of `labels` or the null
  /// class. Float32 whatever the model computes in. It keeps the model alive.
  diffusion::VelocityModel of(const std::shared_ptr<const models::Dit>& model,
                              const std::vector<float>& times, const std::vector<int64_t>& labels);

 private:
  runtime::Replayed<models::Dit> replayed_;  // of x and the modulations
};

}  // namespace svgen::engine
