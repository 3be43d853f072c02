// SPDX-License-Identifier: MIT
// The published sizes of the DINOv3 family, and reading them from a card and a file.
#include <string>

#include "models/dinov3/dinov3.h"
#include "models/sizes.h"
#include "svgen/error.h"

namespace svgen::models {
namespace {

// 16-pixel patches, 4 registers and rope base 100 throughout; the gated sizes are two thirds of
// six times the width.
constexpr Preset<DinoV3Config> kPresets[] = {
    {"dinov3-vits16", {.width = 384, .depth = 12, .heads = 6, .ffn = 1536, .gated = false}},
    {"dinov3-vits16plus", {.width = 384, .depth = 12, .heads = 6, .ffn = 1536}},
    {"dinov3-vitb16", {.width = 768, .depth = 12, .heads = 12, .ffn = 3072, .gated = false}},
    {"dinov3-vitl16", {.width = 1024, .depth = 24, .heads = 16, .ffn = 4096, .gated = false}},
    {"dinov3-vith16plus", {.width = 1280, .depth = 32, .heads = 20, .ffn = 5120}},
};

// The sizes of a card that leaves them out.
constexpr DinoV3Config kNothing = {
    .patch = 0, .width = 0, .depth = 0, .heads = 0, .ffn = 0, .registers = -1};

DinoV3Config from_card(const Card& card, int64_t /*latent_channels*/, MissingKeys& missing) {
  const EncoderConfig& c = *card.encoder;
  DinoV3Config sizes{.patch = card.patch,
                     .width = c.width,
                     .depth = c.depth,
                     .heads = c.heads,
                     .ffn = c.ffn,
                     .registers = c.registers};
  if (const DinoV3Config* preset = kDinoV3.find_preset(c.preset)) sizes = *preset;
  if (c.rope_base > 0) sizes.rope_base = c.rope_base;
  missing.require("patch", sizes.patch);
  missing.require("grid", card.grid.cells());
  missing.require("encoder.width", sizes.width);
  missing.require("encoder.depth", sizes.depth);
  missing.require("encoder.heads", sizes.heads);
  missing.require("encoder.ffn", sizes.ffn);
  missing.require("encoder.registers", sizes.registers + 1);
  if (!missing.text().empty() || sizes.width % (4 * sizes.heads) == 0) return sizes;
  throw ConfigurationError(
      "encoder.width of the card does not give each head a multiple of four channels",
      {.expected = "a multiple of " + std::to_string(4 * sizes.heads),
       .found = std::to_string(sizes.width),
       .where = card.path.string()});
}

DinoV3Config from_file(const Card& card, const weights::StateSource& source,
                       int64_t /*latent_channels*/) {
  return infer_dinov3_config(*card.encoder, source, card.patch);
}

}  // namespace

constinit const Component<DinoV3Config> kDinoV3 = {.part = ModelPart::kEncoder,
                                                   .presets = kPresets,
                                                   .spelling = &kDinoV3Spelling,
                                                   .from_file = from_file,
                                                   .from_card = from_card};

std::vector<nn::InitialWeightsRule> dinov3_initial_weights(double layer_scale) {
  using enum nn::InitialWeights;
  return {
      {"gamma", "", kNormal, 0, layer_scale},
      {"norm", "weight", kOnes},
      {"_token", "", kNormal, 0.02},
      {"", "weight", kXavier},
      {"", "bias", kZeros},
      {"", "", kOnes},  // buffers, made by the caller
  };
}

DinoV3Config infer_dinov3_config(const EncoderConfig& card, const weights::StateSource& source,
                                 int64_t patch) {
  const DinoV3Config preset = kDinoV3.preset_or(kNothing, card.preset);
  SizeCheck check("encoder", source);
  DinoV3Config config;
  const std::string patches = "patch_embed.proj.weight";
  config.width =
      check.settle("width", given_or(card.width, preset.width), file_size(source, patches, 4, 0));
  config.patch = file_size(source, patches, 4, 2);
  if (patch != 0 && patch != config.patch)
    check.reject("patch", std::to_string(config.patch), std::to_string(patch));
  config.depth =
      check.settle("depth", given_or(card.depth, preset.depth), file_count(source, "blocks."));
  config.gated = file_has(source, "blocks.0.mlp.w1.weight");
  config.ffn = check.settle(
      "ffn", given_or(card.ffn, preset.ffn),
      file_size(source, config.gated ? "blocks.0.mlp.w1.weight" : "blocks.0.mlp.fc1.weight", 2, 0));
  config.registers =
      file_has(source, "storage_tokens") ? file_size(source, "storage_tokens", 3, 1) : 0;
  const int64_t registers = card.registers >= 0 ? card.registers : preset.registers;
  if (registers >= 0 && registers != config.registers)
    check.reject("registers", std::to_string(config.registers), std::to_string(registers));
  config.heads = given_or(card.heads, preset.heads);
  if (file_has(source, "rope_embed.periods")) {
    const int64_t head = 4 * file_size(source, "rope_embed.periods", 1, 0);
    config.heads = check.settle("heads", config.heads, config.width / head);
  }
  check.require_rotary_heads("heads", config.heads, config.width);
  if (card.rope_base != 0) config.rope_base = card.rope_base;
  check.finish();
  return config;
}

}  // namespace svgen::models
