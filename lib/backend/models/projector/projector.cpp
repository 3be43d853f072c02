// SPDX-License-Identifier: MIT
// The projector of REPA.
#include "models/projector/projector.h"

#include "ops/ops.h"

namespace svgen::models {
namespace {

constexpr nn::InitialWeightsRule kRules[] = {{"", "weight", nn::InitialWeights::kXavier},
                                             {"", "bias", nn::InitialWeights::kZeros}};

}  // namespace

constinit const std::span<const nn::InitialWeightsRule> kProjectorInitialWeights = kRules;

Projector::Projector(const ProjectorConfig& config)
    : first(config.width, config.hidden),
      second(config.hidden, config.hidden),
      last(config.hidden, config.features) {}

void Projector::visit(const nn::StateScope& state) {
  first.visit(state.child("0"));
  second.visit(state.child("2"));
  last.visit(state.child("4"));
}

at::Tensor Projector::operator()(const at::Tensor& tokens) const {
  return last(ops::silu(second(ops::silu(first(tokens)))));  // (N, T, features)
}

}  // namespace svgen::models
