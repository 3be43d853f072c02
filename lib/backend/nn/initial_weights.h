// SPDX-License-Identifier: MIT
// Draws the weights that a training from nothing starts with. The distributions are a table of
// tensor names, which stands in the network's folder.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "nn/state.h"
#include "svgen/card.h"

namespace svgen::nn {

enum class InitialWeights {
  kZeros,
  kOnes,
  kNormal,         // mean `centre`, deviation `spread`
  kXavier,         // uniform in +- sqrt(6 / (fan in + fan out))
  kFanInUniform,   // uniform in +- 1 / sqrt(fan in); of a bias: of the weight before it
  kFanInNormal,    // deviation 1 / sqrt(fan in), cut at two deviations
  kPositionTable,  // sine-cosine, (1, T, D)
};

/// The first rule whose texts both fit a tensor's name counts.
struct InitialWeightsRule {
  std::string_view contains;
  std::string_view ends;
  InitialWeights kind;
  double spread = 0;
  double centre = 0;
};

/// Those of convolutional networks with norms, as LibTorch's own layers begin.
inline constexpr InitialWeightsRule kConvolutionWeights[] = {
    {"norm", "weight", InitialWeights::kOnes},
    {"norm", "bias", InitialWeights::kZeros},
    {"", "", InitialWeights::kFanInUniform},
};

/// Fills every slot on the host, float32 (counters int64), as a function of (seed, stream, place in
/// the list of slots). `grid` is the shape behind a position table.
void draw_initial_weights(const std::function<void(const StateScope&)>& visit,
                          std::span<const InitialWeightsRule> rules, uint64_t seed, uint32_t stream,
                          const Grid& grid = {});

}  // namespace svgen::nn
