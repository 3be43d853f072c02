// SPDX-License-Identifier: MIT
// The published sizes of DINOv2, MAE and SigLIP 2, and reading them from a card and a file.
#include <cmath>
#include <string>

#include "models/sizes.h"
#include "models/table_vit/table_vit.h"
#include "svgen/error.h"

namespace svgen::models {
namespace {

constexpr Preset<TableVitConfig> kDinoV2Presets[] = {
    {"dinov2-vits14", {.width = 384, .depth = 12, .heads = 6, .mlp = 1536}},
    {"dinov2-vitb14", {.width = 768, .depth = 12, .heads = 12, .mlp = 3072}},
    {"dinov2-vitl14", {.width = 1024, .depth = 24, .heads = 16, .mlp = 4096}},
};
constexpr Preset<TableVitConfig> kMaePresets[] = {
    {"mae-vitb16", {.patch = 16, .width = 768, .depth = 12, .heads = 12, .mlp = 3072}},
    {"mae-vitl16", {.patch = 16, .width = 1024, .depth = 24, .heads = 16, .mlp = 4096}},
};
constexpr Preset<TableVitConfig> kSiglip2Presets[] = {
    {"siglip2-vitb16", {.patch = 16, .width = 768, .depth = 12, .heads = 12, .mlp = 3072}},
};

constexpr TableVitConfig kNothing = {.width = 0, .depth = 0, .heads = 0, .mlp = 0};

// What the shapes of a file say, and the card beside them; a network adds what is its own.
TableVitConfig sizes_in(const Component<TableVitConfig>& component, const Card& card,
                        const weights::StateSource& source) {
  const EncoderConfig& given = *card.encoder;
  const TableVitConfig& preset = component.preset_or(kNothing, given.preset);
  SizeCheck check("encoder", source);
  TableVitConfig config;
  const std::string patches = "patch_embed.proj.weight";
  config.cell = card.patch;
  config.patch = file_size(source, patches, 4, 2);
  config.width =
      check.settle("width", given_or(given.width, preset.width), file_size(source, patches, 4, 0));
  config.depth =
      check.settle("depth", given_or(given.depth, preset.depth), file_count(source, "blocks."));
  config.mlp = check.settle("ffn", given_or(given.ffn, preset.mlp),
                            file_size(source, "blocks.0.mlp.fc1.weight", 2, 0));
  config.heads = given_or(given.heads, preset.heads);
  check.require_heads("heads", config.heads, config.width);
  config.has_class = file_has(source, "cls_token");
  config.registers =
      file_has(source, "register_tokens") ? file_size(source, "register_tokens", 3, 1) : 0;
  if (given.registers >= 0 && given.registers != config.registers)
    check.reject("registers", std::to_string(config.registers), std::to_string(given.registers));
  const int64_t rows = file_size(source, "pos_embed", 3, 1);
  const auto side = static_cast<int64_t>(std::sqrt(static_cast<double>(rows) + 0.5));
  config.table_has_class = config.has_class && side * side != rows;
  config.table = rows - (config.table_has_class ? 1 : 0);
  const auto whole = static_cast<int64_t>(std::sqrt(static_cast<double>(config.table) + 0.5));
  if (whole * whole != config.table)
    check.reject("position table", "the positions of a square", std::to_string(config.table));
  config.layer_scale = file_has(source, "blocks.0.ls1.gamma");
  config.affine = given.affine.value_or(true);
  check.finish();
  return config;
}

TableVitConfig dinov2_from_file(const Card& card, const weights::StateSource& source, int64_t) {
  TableVitConfig config = sizes_in(kDinoV2, card, source);
  config.resampling =
      config.registers > 0 ? TableResampling::kAntialiased : TableResampling::kBicubicByFactor;
  return config;
}

TableVitConfig mae_from_file(const Card& card, const weights::StateSource& source, int64_t) {
  TableVitConfig config = sizes_in(kMae, card, source);
  config.resampling = TableResampling::kBicubic;
  return config;
}

TableVitConfig siglip2_from_file(const Card& card, const weights::StateSource& source, int64_t) {
  TableVitConfig config = sizes_in(kSiglip2, card, source);
  config.resampling = TableResampling::kBicubic;
  config.activation = ops::Epilogue::kGeluTanh;
  config.scale = kSignedScale;
  return config;
}

// They are frozen: nobody trains one from nothing.
TableVitConfig from_card(const Card&, int64_t, MissingKeys& missing) {
  missing.require("encoder.file (a frozen encoder is not trained from nothing)", 0);
  return {};
}

}  // namespace

constinit const Component<TableVitConfig> kDinoV2 = {.part = ModelPart::kEncoder,
                                                     .presets = kDinoV2Presets,
                                                     .spelling = &kDinoV2Spelling,
                                                     .from_file = dinov2_from_file,
                                                     .from_card = from_card};
constinit const Component<TableVitConfig> kMae = {.part = ModelPart::kEncoder,
                                                  .presets = kMaePresets,
                                                  .spelling = &kMaeSpelling,
                                                  .from_file = mae_from_file,
                                                  .from_card = from_card};
constinit const Component<TableVitConfig> kSiglip2 = {.part = ModelPart::kEncoder,
                                                      .presets = kSiglip2Presets,
                                                      .spelling = &kSiglip2Spelling,
                                                      .from_file = siglip2_from_file,
                                                      .from_card = from_card};

}  // namespace svgen::models
