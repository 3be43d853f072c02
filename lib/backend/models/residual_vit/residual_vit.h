// SPDX-License-Identifier: MIT
// The residual encoder: a small vision transformer whose few channels carry the fine detail.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "models/component.h"
#include "models/network.h"
#include "nn/attention.h"
#include "nn/layer_norm.h"
#include "nn/linear.h"
#include "nn/mlp.h"
#include "nn/patch_embed.h"
#include "nn/state.h"
#include "svgen/card.h"
#include "weights/state_source.h"

namespace svgen::models {

struct ResidualVitConfig {
  int64_t patch = 16;
  int64_t width = 384;
  int64_t depth = 6;
  int64_t heads = 8;
  int64_t mlp = 1536;
  int64_t outputs = 8;
  int64_t tokens = 256;  // of the position table, without the class slot
  Grid grid = {};        // of the position table; empty: a square of `tokens`

  bool operator==(const ResidualVitConfig&) const = default;
};

extern const weights::Spelling kResidualVitSpelling;
extern const Component<ResidualVitConfig> kResidualVit;

/// The sizes from the card and the shapes in `source`. `patch` and `grid` are the card's, 0 when
/// it gives none. ConfigurationError names a key that contradicts the file; `heads` must come from
/// the card.
ResidualVitConfig infer_residual_vit_config(const ResidualConfig& card,
                                            const weights::StateSource& source, int64_t patch,
                                            const Grid& grid = {});

/// x += Attn(ln_1 x); x += MLP(ln_2 x), with an erf GELU.
struct ResidualVitBlock {
  explicit ResidualVitBlock(const ResidualVitConfig& config);

  void visit(const nn::StateScope& state);
  at::Tensor operator()(at::Tensor x) const;  // (N, 1 + T, D)

  nn::LayerNorm ln_1;
  nn::Attention self_attention;
  nn::LayerNorm ln_2;
  nn::Mlp mlp;
};

struct ResidualVit : FeatureEncoder {
  explicit ResidualVit(const ResidualVitConfig& vit_config);

  void visit(const nn::StateScope& state) override;
  int64_t channels() const override { return config.outputs; }
  at::Tensor features(const at::Tensor& pixels, at::TensorList /*tables*/) const override {
    return forward(pixels);
  }

  /// Normalised pixels (N, 3, H, W) -> residual channels before alignment, (N, T, outputs).
  /// A picture of another grid gets the position table interpolated (bicubic, class slot kept).
  /// ShapeError unless H and W are multiples of the patch.
  at::Tensor forward(const at::Tensor& pixels) const;

  /// The position table of a grid, class slot first.
  at::Tensor positions(const Grid& grid) const;  // (1, 1 + T, D)

  ResidualVitConfig config;
  at::Tensor class_token;  // (1, 1, D)
  nn::PatchEmbed conv_proj;
  at::Tensor pos_embedding;  // (1, 1 + tokens, D)
  std::vector<ResidualVitBlock> layers;
  nn::LayerNorm ln;
  nn::Linear head_hidden, head_output;  // "heads.0", "heads.2"
};

}  // namespace svgen::models
