// SPDX-License-Identifier: MIT
// RiT: a transformer that predicts clean features and, beside them, their class vector; later
// blocks see the label as tokens in context.
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

struct RitConfig {
  int64_t channels = 384;
  int64_t width = 1152;
  int64_t depth = 28;
  int64_t heads = 16;
  int64_t mlp = 3072;
  int64_t classes = 1000;
  Grid grid = {16, 16};
  int64_t context = 32;       // tokens of the label
  int64_t context_start = 8;  // the block that sees them first

  bool operator==(const RitConfig&) const = default;
};

extern const weights::Spelling kRitSpelling;
/// Presets: "rit-xl".
extern const Component<RitConfig> kRit;

/// The state that is integrated is the class vector and then the cells, (N, 1 + T, C).
struct Rit : Denoiser {
  explicit Rit(const RitConfig& rit_config, const Convention& network_convention = {});

  void visit(const nn::StateScope& state) override;
  void arrange() override;
  int64_t channels() const override { return config.channels; }
  int64_t cells() const override { return config.grid.cells(); }
  int64_t classes() const override { return config.classes; }
  at::ScalarType dtype() const override { return final_linear.weight.scalar_type(); }
  at::Device device() const override { return pos_embed.device(); }

  /// The class vector starts as the mean of the cells' noise, as in the published sampler.
  at::Tensor start(const at::Tensor& noise) const override;
  at::Tensor latent(const at::Tensor& state) const override;
  /// Latents lack the class vector.
  bool starts_from_latents() const override { return false; }

  /// The label's row, 1 / max(1 - t, 0.05) and the modulations: (N, D + 1 + (6 depth + 2) D).
  at::Tensor conditioning(const at::Tensor& t, const at::Tensor& y) const override;
  using Denoiser::velocity;
  at::Tensor velocity(const at::Tensor& x, const at::Tensor& conditioning) const override;
  /// The clean class vector and cells, (N, 1 + T, C).
  at::Tensor prediction(const at::Tensor& x, const at::Tensor& conditioning) const override;

  RitConfig config;
  Convention convention;
  nn::Linear x_embedder, cls_projectors;
  at::Tensor pos_embed;          // (1, 1 + T, D), the class vector's row first
  at::Tensor in_context_posemb;  // (1, context, D)
  TimeEmbedder t_embedder;
  at::Tensor label_table;  // (classes + 1, D)
  std::vector<DitBlock> blocks;
  at::Tensor final_norm_weight;
  nn::Modulation final_modulation;
  nn::Linear final_linear, final_linear_cls;
  nn::RotaryTables rotary;  // of the cells, computed
};

}  // namespace svgen::models
