// SPDX-License-Identifier: MIT
// The discriminator of phase 1: a PatchGAN, which judges overlapping patches
// (Isola et al., 2017).
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <span>
#include <vector>

#include "nn/initial_weights.h"
#include "nn/state.h"
#include "weights/state_source.h"

namespace svgen::models {

/// Adds up a tensor over all processes of a launch, differentiably; none: there is one process.
using SumOverProcesses = std::function<at::Tensor(const at::Tensor&)>;

/// Batch normalisation with the statistics of the batch at hand, which also move the running ones.
/// With several processes the batch is all of theirs.
struct BatchNorm {
  explicit BatchNorm(int64_t channel_count) : channels(channel_count) {}

  void visit(const nn::StateScope& state);
  at::Tensor operator()(const at::Tensor& x, const SumOverProcesses& sum);  // (N, C, H, W)

  int64_t channels;
  at::Tensor weight, bias, running_mean, running_var;  // (C)
  at::Tensor num_batches_tracked;                      // () int64
};

extern const std::span<const nn::InitialWeightsRule> kPatchGanInitialWeights;

struct PatchGan {
  /// `filters` of the first layer: 64 as published; the next have 2, 4, 8 times as many.
  explicit PatchGan(int64_t filters = 64);

  /// The number of first filters in a file.
  static int64_t infer_filters(const weights::StateSource& source);

  void visit(const nn::StateScope& state);

  /// Pictures (N, 3, H, W) in [-1, 1] -> one logit a patch, (N, 1, h, w). In training mode: each
  /// call moves the running statistics. ShapeError for pictures below 32 x 32.
  at::Tensor forward(const at::Tensor& x, const SumOverProcesses& sum = {});

  struct Conv {
    int64_t in, out, stride;
    bool has_bias;
    at::Tensor weight, bias;
  };
  std::vector<Conv> convs;       // "main.0", "main.2", "main.5", "main.8", "main.11"
  std::vector<BatchNorm> norms;  // "main.3", "main.6", "main.9": behind all but the outer convs
};

}  // namespace svgen::models
