// SPDX-License-Identifier: MIT
// DiT-DH (Zheng et al., 2025, RAE): a diffusion transformer whose tokens condition a second,
// shallow and wide one, token by token.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "models/component.h"
#include "models/convention.h"
#include "models/dit/dit.h"
#include "models/network.h"
#include "nn/linear.h"
#include "nn/modulate.h"
#include "nn/state.h"

namespace svgen::models {

/// The sizes of one of the two transformers.
struct DitDhPart {
  int64_t width = 0, depth = 0, heads = 0, mlp = 0;

  bool operator==(const DitDhPart&) const = default;
};

struct DitDhConfig {
  int64_t channels = 768;
  int64_t classes = 1000;
  Grid grid = {16, 16};
  DitDhPart body = {1152, 28, 16, 3072};
  DitDhPart head = {2048, 2, 16, 5461};

  bool operator==(const DitDhConfig&) const = default;
};

extern const weights::Spelling kDitDhSpelling;
/// Presets: "dit-dh-s", "dit-dh-b", "dit-dh-xl".
extern const Component<DitDhConfig> kDitDh;

struct DitDh : Denoiser {
  explicit DitDh(const DitDhConfig& dit_config, const Convention& network_convention = {});

  void visit(const nn::StateScope& state) override;
  void arrange() override;
  int64_t channels() const override { return config.channels; }
  int64_t cells() const override { return config.grid.cells(); }
  int64_t classes() const override { return config.classes; }
  at::ScalarType dtype() const override { return final_linear.weight.scalar_type(); }
  at::Device device() const override { return pos_embed.device(); }

  /// The body's modulations and then the features of the time: (N, (6 depth + 1) D).
  at::Tensor conditioning(const at::Tensor& t, const at::Tensor& y) const override;
  using Denoiser::velocity;
  at::Tensor velocity(const at::Tensor& x, const at::Tensor& conditioning) const override;

  /// Sines, then cosines, of 2 pi t W: (N, 512).
  at::Tensor time_features(const at::Tensor& t) const;

  DitDhConfig config;
  Convention convention;
  nn::Linear s_embedder, x_embedder;
  nn::Linear s_projector;
  at::Tensor pos_embed;    // (1, T, D) of the body
  at::Tensor frequencies;  // (256) "t_embedder.W"
  nn::Linear time_hidden, time_output;
  at::Tensor label_table;        // (classes + 1, D)
  std::vector<DitBlock> blocks;  // the body's and then the head's
  at::Tensor final_norm_weight;
  nn::Modulation final_modulation;
  nn::Linear final_linear;
  nn::RotaryTables body_rotary, head_rotary;  // computed
};

}  // namespace svgen::models
