// SPDX-License-Identifier: MIT
// What a published denoiser was trained to predict and how it counts time. Its module converts
// both, so that whoever integrates knows one convention: the velocity, with t from 0 (noise) to 1
// (data).
#pragma once

#include <ATen/core/Tensor.h>

namespace svgen::models {

enum class Prediction {
  kVelocity,          // data - noise
  kReversedVelocity,  // noise - data
  kNoise,             // of a diffusion, and perhaps how its variance lies between two bounds
  kCleanData,         // the data; the module divides by the time that is left
};

/// The time that the network takes, for our t.
enum class ModelTime {
  kNoiseToData,  // t
  kDataToNoise,  // 1 - t
  kIndex,        // round(1000 (1 - t)): the step 0 (data) .. 999 of a diffusion
};

struct Convention {
  Prediction prediction = Prediction::kVelocity;
  ModelTime time = ModelTime::kNoiseToData;
};

/// The network's times of t (N) float32.
at::Tensor model_time(const Convention& convention, const at::Tensor& t);

/// What a clean prediction less the state is multiplied by to be a velocity: 1 / max(1 - t, 0.05),
/// as in RiT.
at::Tensor clean_data_factor(const at::Tensor& t);

/// The velocity of what the network predicts, where no time is needed for it. ConfigurationError
/// for predicted noise, which is no velocity.
at::Tensor velocity_of(const Convention& convention, const at::Tensor& prediction);

}  // namespace svgen::models
