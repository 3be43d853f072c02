// SPDX-License-Identifier: MIT
// Classifier-free guidance: how much of the conditional and of the null-class velocity a step uses.
#pragma once

#include <cstdint>

#include "svgen/sampling.h"

namespace svgen::diffusion {

/// v = conditional * v_c + null * v_u. A velocity of weight 0 need not be computed.
struct GuidanceWeights {
  double conditional = 1;
  double null = 0;

  bool operator==(const GuidanceWeights&) const = default;
};

/// v = v_u + w (v_c - v_u), as weights.
GuidanceWeights guided(double scale);

/// The weights of step `step` (of options.steps) at time t. With w the scale and (i + 1) / N the
/// progress p of step i (the published schedules, and `interval`):
///   constant  w everywhere
///   late      w where p > 0.5, else 1
///   early     w where t > guidance_start, else 1
///   linear    1 + (w - 1) p
///   cfg-star  v = -guidance_reverse v_u in the first guidance_skip steps, then w
///   interval  w where guidance_start < t <= guidance_end, else 1
GuidanceWeights guidance_weights(const SamplingOptions& options, int64_t step, double t);

}  // namespace svgen::diffusion
