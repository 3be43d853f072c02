// SPDX-License-Identifier: MIT
// The vision transformer that decodes the latents of a frozen encoder (Zheng et al., 2025, RAE).
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "models/component.h"
#include "models/network.h"
#include "nn/attention.h"
#include "nn/layer_norm.h"
#include "nn/linear.h"
#include "nn/mlp.h"
#include "nn/state.h"

namespace svgen::models {

struct VitDecoderConfig {
  int64_t latent_channels = 768;
  int64_t width = 1152;
  int64_t depth = 28;
  int64_t heads = 16;
  int64_t mlp = 4096;
  int64_t patch = 16;                 // pixels of a cell, and side
  Grid grid = {16, 16};               // cells of its position table
  PixelScale scale = kImageNetScale;  // of the encoder whose pixels it was trained to give

  bool operator==(const VitDecoderConfig&) const = default;
};

extern const weights::Spelling kVitDecoderSpelling;
/// Presets: "vit-xl".
extern const Component<VitDecoderConfig> kVitDecoder;

/// x += Attn(norm1 x); x += MLP(norm2 x), with an erf GELU.
struct VitDecoderBlock {
  explicit VitDecoderBlock(const VitDecoderConfig& config);

  void visit(const nn::StateScope& state);
  at::Tensor operator()(at::Tensor x) const;  // (N, 1 + T, D)

  nn::LayerNorm norm1;
  nn::Attention attn;
  nn::LayerNorm norm2;
  nn::Mlp mlp;
};

struct VitDecoder : PixelDecoder {
  explicit VitDecoder(const VitDecoderConfig& decoder_config);

  void visit(const nn::StateScope& state) override;
  int64_t channels() const override { return config.latent_channels; }
  /// ShapeError unless the latents have the grid of the position table.
  at::Tensor pixels(const at::Tensor& latents) const override;

  /// (N, T, C) -> the pixels of each cell in the encoder's scale, rows, columns, then channels:
  /// (N, T, p p 3).
  at::Tensor patches(const at::Tensor& latents) const;

  VitDecoderConfig config;
  nn::Linear decoder_embed;
  at::Tensor class_token;  // (1, 1, D)
  at::Tensor pos_embed;    // (1, 1 + T, D), never trained
  std::vector<VitDecoderBlock> layers;
  nn::LayerNorm norm;
  nn::Linear decoder_pred;
};

}  // namespace svgen::models
