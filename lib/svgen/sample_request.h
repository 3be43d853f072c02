// SPDX-License-Identifier: MIT
// What a sampler is asked for: images of noise, or edits of latents. Shapes as in engine.h.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "svgen/sampling.h"
#include "svgen/tensor.h"

namespace svgen {

class Engine;

/// Stands for "no class" in a request.
inline constexpr int64_t kNoClass = std::numeric_limits<int64_t>::min();

/// A strength below it leaves latents as they are: the steps would be too short for float32.
inline constexpr double kLeastStrength = 1e-4;

/// What images are made from beside noise (SDEdit, Meng et al., 2022).
struct EditSource {
  Tensor latents;  // (N, T, C) of any float dtype; undefined: images are made of noise alone
  /// How far the latents go back to the noise: with u0 = 1 - strength the steps are spread over u0
  /// to 1. Below kLeastStrength the latents themselves are returned, 1 starts from noise alone.
  double strength = 1;
  /// (N, T) float32: 1 where the latents are edited, 0 where they stay, to the bit; undefined: all
  /// are edited.
  Tensor mask;
};

/// What an image that is being made may become: the data that the latest velocity points to.
struct Preview {
  int64_t image = 0;  // of the batch, the first of `latents`
  int64_t step = 0, steps = 1;
  Tensor latents;  // (M, T, C) float32, as the request asks for them
};

struct SampleRequest {
  uint64_t seed = 0;
  std::vector<int64_t> indices;  // absolute image indices, N of them
  std::vector<int64_t> classes;  // N labels in [0, classes), or kNoClass
  Tensor noise;                  // (N, T, C) float32, or undefined: normal_noise(seed, index)
  SamplingOptions options;
  /// A weaker model of the same latent, whose velocity under the images' own classes takes the
  /// place of the null class's (autoguidance, Karras et al., 2024); null: none.
  std::shared_ptr<Engine> guidance_model;
  bool normalized = false;  // leave the latent normalised, without * std + mean
  EditSource source;        // normalised when `normalized` is set
  /// Is called every `preview_interval` steps but the last, on the calling thread; 0: never.
  int64_t preview_interval = 0;
  std::function<void(const Preview&)> preview;
};

}  // namespace svgen
