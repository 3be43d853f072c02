// SPDX-License-Identifier: MIT
// The first weights of a training from nothing, as the published code draws them: the kinds of
// distribution are a table of tensor names per network.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "svgen/card.h"
#include "train/flat_parameters.h"

namespace svgen::train {

enum class FirstWeights {
  kZeros,
  kOnes,
  kNormal,         // mean `centre`, deviation `spread`
  kXavier,         // uniform in +- sqrt(6 / (fan in + fan out))
  kFanInUniform,   // uniform in +- 1 / sqrt(fan in); of a bias: of the weight before it
  kFanInNormal,    // deviation 1 / sqrt(fan in), cut at two deviations
  kPositionTable,  // sine-cosine, (1, T, D)
};

/// The first rule whose texts both fit a tensor's name counts.
struct FirstWeightsRule {
  std::string_view contains;
  std::string_view ends;
  FirstWeights kind;
  double spread = 0;
  double centre = 0;
};

// The networks' rules, those of the published code.
std::span<const FirstWeightsRule> dit_first_weights();
std::span<const FirstWeightsRule> residual_first_weights();
std::span<const FirstWeightsRule> decoder_first_weights();
std::span<const FirstWeightsRule> discriminator_first_weights();
/// The encoder and its head; `layer_scale` is the first value of its LayerScale.
std::vector<FirstWeightsRule> encoder_first_weights(double layer_scale);

/// Fills every slot on the host, float32 (counters int64), as a function of (seed, stream, place in
/// the list of slots). `grid` is the shape behind a position table.
void draw_first_weights(const Visit& visit, std::span<const FirstWeightsRule> rules, uint64_t seed,
                        uint32_t stream, const Grid& grid = {});

}  // namespace svgen::train
