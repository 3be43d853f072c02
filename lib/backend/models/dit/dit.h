// SPDX-License-Identifier: MIT
// The diffusion transformer (Peebles and Xie, 2023) and its published relatives: a struct says
// which of the known parts a network has.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "models/component.h"
#include "models/convention.h"
#include "models/network.h"
#include "nn/attention.h"
#include "nn/linear.h"
#include "nn/mlp.h"
#include "nn/modulate.h"
#include "nn/state.h"
#include "nn/swiglu.h"
#include "ops/ops.h"
#include "svgen/card.h"
#include "weights/state_source.h"

namespace svgen::models {

enum class FeedForward { kGelu, kSwiGlu };  // fc1, tanh GELU, fc2; or w3(silu(w1 x) * (w2 x))

struct DitConfig {
  int64_t channels = 392;  // C of the latent
  int64_t width = 1152;    // D
  int64_t depth = 28;
  int64_t heads = 16;
  int64_t mlp = 4608;       // hidden size
  int64_t classes = 1000;   // label `classes` is the null class
  int64_t tokens = 256;     // rows of the position table
  int64_t patch = 1;        // a token is a square of patch x patch cells
  Grid grid = {};           // cells; needed for patches and rotary positions alone
  bool learn_sigma = true;  // the last layer has twice the rows; the first half is the velocity
  nn::QkNorm qk_norm = nn::QkNorm::kLayer;
  ops::NormKind norm = ops::NormKind::kLayer;  // kRms: with a weight
  FeedForward feed_forward = FeedForward::kGelu;
  bool rotary = false;  // rotary positions besides the table
  bool shifts = true;   // the blocks' modulation has shifts

  int64_t cells() const { return tokens * patch * patch; }
  bool operator==(const DitConfig&) const = default;
};

extern const weights::Spelling kDitSpelling;
/// Presets: widths, depths and heads of "svg-xl", "dit-xl" (also SiT's and REPA's),
/// "lightningdit-xl" and the like; the file says the rest.
extern const Component<DitConfig> kDit;
/// The same network with what else was published where a card leaves it out: DiT's and SiT's parts,
/// REPA's, LightningDiT's.
extern const Component<DitConfig> kPlainDit, kRepaDit, kLightningDit;

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

/// x += gate_a Attn(modulate(norm x)); x += gate_m MLP(modulate(norm x)). A sum and the norm that
/// follows it are one pass over the tokens.
struct DitBlock {
  explicit DitBlock(const DitConfig& config);

  void visit(const nn::StateScope& state);
  /// m: the block's shift_a, scale_a, gate_a, shift_m, scale_m, gate_m, and then the shift and the
  /// scale of the norm that follows the block, (N, D) each.
  NormedTokens operator()(const NormedTokens& h, at::TensorList m,
                          const nn::RotaryTables* rotary = nullptr) const;
  /// Has a condition for each token, (N T, D), and no norm behind it: x (N, T, D) -> (N, T, D).
  at::Tensor per_token(const at::Tensor& x, const at::Tensor& condition,
                       const nn::RotaryTables& rotary) const;
  /// The modulations of a condition, with zero shifts where there are none and the norms' weights
  /// folded into the scales: (N, 6D).
  at::Tensor modulations(const at::Tensor& c) const;

  ops::NormKind norm;
  at::Tensor norm1_weight, norm2_weight;  // (D), of root mean square norms
  nn::Attention attn;
  std::optional<nn::Mlp> mlp;  // exactly one of the two
  std::optional<nn::PackedSwiGlu> swiglu;
  nn::Modulation modulation;
};

struct Dit : Denoiser {
  explicit Dit(const DitConfig& dit_config, const Convention& network_convention = {});

  void visit(const nn::StateScope& state) override;
  /// Fills in the position table where the file has none, and lays rotary heads out for the
  /// kernels.
  void arrange() override;
  int64_t channels() const override { return config.channels; }
  int64_t cells() const override { return config.cells(); }
  int64_t classes() const override { return config.classes; }
  at::ScalarType dtype() const override { return final_linear.weight.scalar_type(); }
  at::Device device() const override { return pos_embed.device(); }

  /// The velocity (N, cells, C) of x (N, cells, C) at times t (N) float32 in [0, 1] (0 noise, 1
  /// data) for labels y (N) int64 in 0 .. classes. ShapeError on other shapes or labels outside the
  /// table.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& t, const at::Tensor& y) const;
  /// Returns all rows of the last layer: (N, cells, 2C) when sigma is learned, else (N, cells, C).
  at::Tensor forward_all(const at::Tensor& x, const at::Tensor& t, const at::Tensor& y) const;

  /// modulations(condition(t, y)), which need not be computed in every step; behind them the factor
  /// of a clean prediction.
  at::Tensor conditioning(const at::Tensor& t, const at::Tensor& y) const override;
  using Denoiser::velocity;
  at::Tensor velocity(const at::Tensor& x, const at::Tensor& m) const override;
  at::Tensor prediction(const at::Tensor& x, const at::Tensor& m) const override;

  /// Whether a card may let it predict clean data.
  static constexpr bool kPredictsCleanData = true;
  at::Tensor target(const at::Tensor& data, const at::Tensor& x, const at::Tensor& t,
                    const at::Tensor& velocity) const override;
  TokenStream token_stream() const override;
  std::pair<at::Tensor, at::Tensor> velocity_and_tokens(const at::Tensor& x, const at::Tensor& m,
                                                        int64_t depth) const override;

  // The parts of forward, in order.
  at::Tensor embed_label(const at::Tensor& y) const;                     // (N) -> (N, D)
  at::Tensor condition(const at::Tensor& t, const at::Tensor& y) const;  // (N, D)
  /// The blocks' modulations and then the last layer's, side by side: (N, (6 depth + 2) D).
  at::Tensor modulations(const at::Tensor& c) const;
  at::Tensor embed(const at::Tensor& x) const;  // (N, T, D)
  /// Behind the blocks. `early`, where it is given, gets the tokens behind the first `depth`.
  NormedTokens tokens(const at::Tensor& x, const at::Tensor& m, int64_t depth = 0,
                      at::Tensor* early = nullptr) const;
  /// The velocity of `normed` tokens of x, under the conditioning m.
  at::Tensor velocity_of_tokens(const at::Tensor& x, const at::Tensor& normed,
                                const at::Tensor& m) const;
  /// The first `channels` of what each cell gets, (N, cells, channels).
  at::Tensor last_layer(const at::Tensor& normed, int64_t channels) const;

  DitConfig config;
  Convention convention;
  nn::Linear ln1;           // of a patch in the order (channel, row, column)
  at::Tensor pos_embed;     // (1, T, D), never trained
  nn::RotaryTables rotary;  // (T, head), computed
  TimeEmbedder t_embedder;
  at::Tensor label_table;  // (classes + 1, D)
  std::vector<DitBlock> blocks;
  at::Tensor final_norm_weight;     // (D), of a root mean square norm
  nn::Modulation final_modulation;  // shift, scale
  nn::Linear final_linear;
};

}  // namespace svgen::models
