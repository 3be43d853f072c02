// SPDX-License-Identifier: MIT
// Frozen vision transformers whose positions are a table: DINOv2 with and without registers (Oquab
// et al., 2024), MAE (He et al., 2022), SigLIP 2 (Tschannen et al., 2025).
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "models/component.h"
#include "models/network.h"
#include "nn/attention.h"
#include "nn/layer_norm.h"
#include "nn/layer_scale.h"
#include "nn/mlp.h"
#include "nn/patch_embed.h"
#include "nn/state.h"
#include "svgen/card.h"
#include "weights/state_source.h"

namespace svgen::models {

/// How a table of positions is resampled to another grid, as each network's authors do it: bicubic;
/// bicubic by the factor (size + 0.1) / side; bicubic with antialiasing.
enum class TableResampling { kBicubic, kBicubicByFactor, kAntialiased };

struct TableVitConfig {
  int64_t patch = 14;
  int64_t cell = 16;  // pixels of the picture for a patch: it is scaled first where they differ
  int64_t width = 384;
  int64_t depth = 12;
  int64_t heads = 6;
  int64_t mlp = 1536;
  int64_t registers = 0;
  int64_t table = 1369;         // rows of the position table, a square, without the class's
  bool has_class = true;        // a class token
  bool table_has_class = true;  // and its row in the table
  bool layer_scale = true;
  bool affine = true;  // of the last norm: features without its weight and bias are normalised
  double eps = 1e-6;
  ops::Epilogue activation = ops::Epilogue::kGeluErf;
  TableResampling resampling = TableResampling::kBicubicByFactor;
  PixelScale scale = kImageNetScale;

  int64_t prefix() const { return (has_class ? 1 : 0) + registers; }
  bool operator==(const TableVitConfig&) const = default;
};

extern const weights::Spelling kDinoV2Spelling, kMaeSpelling, kSiglip2Spelling;
/// Presets "dinov2-vits14", "dinov2-vitb14", ...; "mae-vitb16"; "siglip2-vitb16".
extern const Component<TableVitConfig> kDinoV2, kMae, kSiglip2;

/// x += ls1 Attn(norm1 x); x += ls2 MLP(norm2 x), where there are layer scales.
struct TableVitBlock {
  explicit TableVitBlock(const TableVitConfig& config);

  void visit(const nn::StateScope& state);
  at::Tensor operator()(at::Tensor x) const;  // (N, prefix + T, D)

  nn::LayerNorm norm1;
  nn::Attention attn;
  std::optional<nn::LayerScale> ls1;
  nn::LayerNorm norm2;
  nn::Mlp mlp;
  std::optional<nn::LayerScale> ls2;
};

struct TableVit : FeatureEncoder {
  explicit TableVit(const TableVitConfig& vit_config);

  void visit(const nn::StateScope& state) override;
  int64_t channels() const override { return config.width; }
  PixelScale pixel_scale() const override { return config.scale; }
  /// The position table of this size of pictures.
  std::vector<at::Tensor> tables(int64_t height, int64_t width) const override;
  at::Tensor features(const at::Tensor& pixels, at::TensorList tables) const override;

  /// The table of a grid of patches, class row first: (1, 1 + T, D) or (1, T, D).
  at::Tensor positions(int64_t rows, int64_t columns) const;
  /// Pixels of whole patches (N, 3, h p, w p) -> all tokens behind the last norm, class and
  /// registers first: (N, prefix + T, D).
  at::Tensor tokens(const at::Tensor& pixels, const at::Tensor& table) const;

  TableVitConfig config;
  at::Tensor cls_token, register_tokens;  // (1, 1, D), (1, R, D)
  at::Tensor pos_embed;
  nn::PatchEmbed patch_embed;
  std::vector<TableVitBlock> blocks;
  nn::LayerNorm norm;
};

}  // namespace svgen::models
