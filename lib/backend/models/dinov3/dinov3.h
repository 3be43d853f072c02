// SPDX-License-Identifier: MIT
// The frozen semantic encoder: a DINOv3 vision transformer with registers and axial rotary
// positions (paper section 3; Meta's names of the tensors).
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "models/component.h"
#include "models/network.h"
#include "nn/attention.h"
#include "nn/layer_norm.h"
#include "nn/layer_scale.h"
#include "nn/mlp.h"
#include "nn/patch_embed.h"
#include "nn/rotary.h"
#include "nn/state.h"
#include "nn/swiglu.h"
#include "svgen/card.h"
#include "weights/state_source.h"

namespace svgen::models {

struct DinoV3Config {
  int64_t patch = 16;
  int64_t width = 384;
  int64_t depth = 12;
  int64_t heads = 6;
  int64_t ffn = 1536;  // hidden size of the feed-forward
  bool gated = true;   // SwiGLU (w1, w2, w3), else two layers with an erf GELU (fc1, fc2)
  int64_t registers = 4;
  double rope_base = 100;  // used when the file stores no periods

  bool operator==(const DinoV3Config&) const = default;
};

extern const weights::Spelling kDinoV3Spelling;
/// Presets: the published sizes ("dinov3-vits16plus", "dinov3-vitb16", ...).
extern const Component<DinoV3Config> kDinoV3;
/// `layer_scale` is the first value of LayerScale.
std::vector<nn::InitialWeightsRule> dinov3_initial_weights(double layer_scale);

/// Infers the sizes from the card's preset, the card and the shapes in `source` (the encoder's
/// tensors, Meta's names). `patch` is the card's, 0 when it gives none. ConfigurationError names a
/// key that contradicts the file, or one that neither gives: heads, where no preset is named.
DinoV3Config infer_dinov3_config(const EncoderConfig& card, const weights::StateSource& source,
                                 int64_t patch);

/// x += ls1 Attn(norm1 x); x += ls2 FFN(norm2 x).
struct DinoV3Block {
  explicit DinoV3Block(const DinoV3Config& config);

  void visit(const nn::StateScope& state);
  at::Tensor operator()(at::Tensor x, const nn::RotaryTables& rotary) const;  // (N, 1+R+T, D)

  nn::LayerNorm norm1;
  nn::Attention attn;
  nn::LayerScale ls1;
  nn::LayerNorm norm2;
  std::optional<nn::SwiGlu> swiglu;  // exactly one of the two
  std::optional<nn::Mlp> mlp;
  nn::LayerScale ls2;
};

struct DinoV3 : FeatureEncoder {
  explicit DinoV3(const DinoV3Config& dino_config);

  void visit(const nn::StateScope& state) override;
  /// Folds the biases' masks into the biases.
  void prepare() override;
  int64_t channels() const override { return config.width; }
  std::vector<at::Tensor> tables(int64_t height, int64_t width) const override;
  at::Tensor features(const at::Tensor& pixels, at::TensorList tables) const override;

  /// Normalised pixels (N, 3, H, W) -> all tokens after the final norm, (N, 1 + R + T, D): class,
  /// registers, patches row-major. ShapeError unless H and W are multiples of the patch.
  at::Tensor forward(const at::Tensor& pixels) const;
  at::Tensor forward(const at::Tensor& pixels, const nn::RotaryTables& tables) const;

  /// Returns only the patches of forward(), (N, T, D), which the latent uses. `tables` are rotary()
  /// of the pixels' size, which need not be computed for every picture.
  at::Tensor patch_tokens(const at::Tensor& pixels) const;
  at::Tensor patch_tokens(const at::Tensor& pixels, const nn::RotaryTables& tables) const;

  /// The tokens that enter block 0, and the angles' tables of this picture size.
  at::Tensor embed(const at::Tensor& pixels) const;              // (N, 1 + R + T, D)
  nn::RotaryTables rotary(int64_t height, int64_t width) const;  // of the picture, in pixels

  DinoV3Config config;
  at::Tensor cls_token, storage_tokens;  // (1, 1, D), (1, R, D)
  at::Tensor mask_token;                 // (1, D), only for training
  nn::PatchEmbed patch_embed;
  at::Tensor periods;  // (head / 4); undefined when the file has none
  std::vector<DinoV3Block> blocks;
  nn::LayerNorm norm;
};

}  // namespace svgen::models
