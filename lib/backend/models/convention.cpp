// SPDX-License-Identifier: MIT
// Converting what published denoisers take and give.
#include "models/convention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/round.h>

#include "svgen/error.h"

namespace svgen::models {
namespace {

constexpr double kDiffusionSteps = 1000;

}  // namespace

at::Tensor model_time(const Convention& convention, const at::Tensor& t) {
  switch (convention.time) {
    case ModelTime::kDataToNoise:
      return 1 - t;
    case ModelTime::kIndex:
      return at::round((1 - t) * kDiffusionSteps);
    case ModelTime::kNoiseToData:
      break;
  }
  return t;
}

at::Tensor velocity_of(const Convention& convention, const at::Tensor& prediction) {
  switch (convention.prediction) {
    case Prediction::kReversedVelocity:
      return -prediction;
    case Prediction::kNoise:
      throw ConfigurationError(
          "the network predicts noise, not a velocity: use a solver for it",
          {.expected = "solver ddpm or ddim", .found = "a solver of a flow", .where = "solver"});
    case Prediction::kVelocity:
      break;
  }
  return prediction;
}

}  // namespace svgen::models
