// SPDX-License-Identifier: MIT
// Converting what published denoisers take and give.
#include "models/convention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp_min.h>
#include <ATen/ops/round.h>

#include "svgen/error.h"

namespace svgen::models {
namespace {

constexpr double kDiffusionSteps = 1000;
constexpr double kLeastRest = 0.05;

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

at::Tensor clean_data_factor(const at::Tensor& t) {
  return 1 / at::clamp_min(1 - t, kLeastRest);
}

at::Tensor velocity_of(const Convention& convention, const at::Tensor& prediction) {
  switch (convention.prediction) {
    case Prediction::kReversedVelocity:
      return -prediction;
    case Prediction::kNoise:
      throw ConfigurationError(
          "the network predicts noise, not a velocity: use a solver for it",
          {.expected = "solver ddpm or ddim", .found = "a solver of a flow", .where = "solver"});
    case Prediction::kCleanData:
      throw ConfigurationError("clean data are no velocity without a time",
                               {.expected = "a network that converts them", .found = "another"});
    case Prediction::kVelocity:
      break;
  }
  return prediction;
}

}  // namespace svgen::models
