// SPDX-License-Identifier: MIT
// The diffusion transformer: velocity of a noisy latent at a time, given a class.
#pragma once

#include <ATen/core/Tensor.h>

#include <string_view>
#include <utility>
#include <vector>

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

/// "svg-s", "svg-b", "svg-l", "svg-xl"; null for an unknown name.
const DitConfig* find_dit_preset(std::string_view name);
std::vector<std::string_view> dit_preset_names();

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

/// x += gate_a Attn(modulate(LN x)); x += gate_m MLP(modulate(LN x)), with a tanh GELU.
struct DitBlock {
  explicit DitBlock(const DitConfig& config);

  void visit(const nn::StateScope& state);
  at::Tensor operator()(at::Tensor x, const at::Tensor& c) const;  // (N, T, D), (N, D)
  /// From x with its first norm to the block's result with the first norm of what follows: each
  /// sum and the norm behind it are one pass. m begins with the block's six modulations, and then
  /// the shift and the scale of what follows.
  std::pair<at::Tensor, at::Tensor> between_norms(const at::Tensor& x, const at::Tensor& normed,
                                                  at::TensorList m) const;

  nn::Attention attn;
  nn::Mlp mlp;
  nn::Modulation modulation;  // shift_a, scale_a, gate_a, shift_m, scale_m, gate_m
};

struct Dit {
  explicit Dit(const DitConfig& dit_config);

  void visit(const nn::StateScope& state);

  /// The velocity (N, T, C) of x (N, T, C) at times t (N) float32 in [0, 1] (0 noise, 1 data) for
  /// labels y (N) int64 in 0 .. classes. ShapeError on other shapes or labels outside the table.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& t, const at::Tensor& y) const;
  at::Tensor forward(const at::Tensor& x, float t, const at::Tensor& y) const;  // one time for all

  /// The same with the modulations of the conditions, which need not be computed in every step.
  at::Tensor velocity(const at::Tensor& x, const at::Tensor& m) const;
  /// What the blocks' modulations and then the last layer's make of c (N, D), side by side:
  /// (N, (6 depth + 2) D).
  at::Tensor modulations(const at::Tensor& c) const;

  /// All rows of the last layer: (N, T, 2C) when sigma is learned, else the velocity.
  at::Tensor forward_all(const at::Tensor& x, const at::Tensor& t, const at::Tensor& y) const;

  // The parts of forward, in order.
  at::Tensor embed_label(const at::Tensor& y) const;                     // (N) -> (N, D)
  at::Tensor condition(const at::Tensor& t, const at::Tensor& y) const;  // (N, D)
  at::Tensor embed(const at::Tensor& x) const;                           // (N, T, D)
  at::Tensor tokens(const at::Tensor& x, const at::Tensor& c) const;     // entering the last layer
  /// The first `rows` of the last layer, with its modulation m.
  at::Tensor final_layer(const at::Tensor& x, const std::vector<at::Tensor>& m, int64_t rows) const;
  at::Tensor last_rows(const at::Tensor& normed, int64_t rows) const;

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
