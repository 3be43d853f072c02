// SPDX-License-Identifier: MIT
// The diffusion transformer: velocity of a noisy latent at a time, given a class.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "models/component.h"
#include "models/network.h"
#include "nn/attention.h"
#include "nn/linear.h"
#include "nn/mlp.h"
#include "nn/modulate.h"
#include "nn/state.h"
#include "svgen/card.h"
#include "weights/state_source.h"

namespace svgen::models {

struct DitConfig {
  int64_t channels = 392;  // C of the latent
  int64_t width = 1152;    // D
  int64_t depth = 28;
  int64_t heads = 16;
  int64_t mlp = 4608;       // hidden size
  int64_t classes = 1000;   // label `classes` is the null class
  int64_t tokens = 256;     // T of the position table
  bool learn_sigma = true;  // the last layer has 2C rows, of which the first C are the velocity
  bool qk_norm = true;

  bool operator==(const DitConfig&) const = default;
};

extern const weights::Spelling kDitSpelling;
/// Presets: "svg-s", "svg-b", "svg-l", "svg-xl".
extern const Component<DitConfig> kDit;

/// The sizes from the card's preset, the card and the shapes in `source`. ConfigurationError names
/// a key that contradicts the file, or the heads when neither a preset, the card nor a q norm
/// gives them.
DitConfig infer_dit_config(const DiffusionConfig& card, const weights::StateSource& source);

/// mlp of the time features: Linear(256, D), SiLU, Linear(D, D).
struct TimeEmbedder {
  explicit TimeEmbedder(int64_t width) : hidden(kFeatures, width), output(width, width) {}

  void visit(const nn::StateScope& state);
  at::Tensor operator()(const at::Tensor& t) const;  // (N) -> (N, D)

  static constexpr int64_t kFeatures = 256;
  nn::Linear hidden, output;  // "mlp.0", "mlp.2"
};

/// Tokens on their way from block to block, with the modulated norm that the next one begins with.
struct NormedTokens {
  at::Tensor x, normed;  // (N, T, D) each
};

/// x += gate_a Attn(modulate(LN x)); x += gate_m MLP(modulate(LN x)), with a tanh GELU. A sum and
/// the norm that follows it are one pass over the tokens.
struct DitBlock {
  explicit DitBlock(const DitConfig& config);

  void visit(const nn::StateScope& state);
  /// m: the block's shift_a, scale_a, gate_a, shift_m, scale_m, gate_m, and then the shift and the
  /// scale of the norm that follows the block, (N, D) each.
  NormedTokens operator()(const NormedTokens& h, at::TensorList m) const;

  nn::Attention attn;
  nn::Mlp mlp;
  nn::Modulation modulation;
};

struct Dit : Denoiser {
  explicit Dit(const DitConfig& dit_config);

  void visit(const nn::StateScope& state) override;
  int64_t channels() const override { return config.channels; }
  int64_t cells() const override { return config.tokens; }
  int64_t classes() const override { return config.classes; }
  at::ScalarType dtype() const override { return final_linear.weight.scalar_type(); }
  at::Device device() const override { return pos_embed.device(); }

  /// The velocity (N, T, C) of x (N, T, C) at times t (N) float32 in [0, 1] (0 noise, 1 data) for
  /// labels y (N) int64 in 0 .. classes. ShapeError on other shapes or labels outside the table.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& t, const at::Tensor& y) const;
  /// Returns all rows of the last layer: (N, T, 2C) when sigma is learned, else the velocity.
  at::Tensor forward_all(const at::Tensor& x, const at::Tensor& t, const at::Tensor& y) const;

  /// modulations(condition(t, y)), which need not be computed in every step.
  at::Tensor conditioning(const at::Tensor& t, const at::Tensor& y) const override;
  using Denoiser::velocity;
  at::Tensor velocity(const at::Tensor& x, const at::Tensor& m) const override;

  // The parts of forward, in order.
  at::Tensor embed_label(const at::Tensor& y) const;                     // (N) -> (N, D)
  at::Tensor condition(const at::Tensor& t, const at::Tensor& y) const;  // (N, D)
  /// The blocks' modulations and then the last layer's, side by side: (N, (6 depth + 2) D).
  at::Tensor modulations(const at::Tensor& c) const;
  at::Tensor embed(const at::Tensor& x) const;                          // (N, T, D)
  NormedTokens tokens(const at::Tensor& x, const at::Tensor& m) const;  // behind the blocks
  at::Tensor last_layer(const at::Tensor& normed, int64_t rows) const;  // (N, T, rows)

  DitConfig config;
  nn::Linear ln1;        // a projection despite its published name
  at::Tensor pos_embed;  // (1, T, D), never trained
  TimeEmbedder t_embedder;
  at::Tensor label_table;  // (classes + 1, D)
  std::vector<DitBlock> blocks;
  nn::Modulation final_modulation;  // shift, scale
  nn::Linear final_linear;
};

}  // namespace svgen::models
