// SPDX-License-Identifier: MIT
// The published sizes of the diffusion transformer, and reading them from a card and a file.
#include <algorithm>
#include <string>

#include "models/dit/dit.h"
#include "models/sizes.h"
#include "svgen/error.h"

namespace svgen::models {
namespace {

constexpr Preset<DitConfig> kPresets[] = {
    {"svg-s", {.width = 384, .depth = 12, .heads = 6, .mlp = 1536}},
    {"svg-b", {.width = 768, .depth = 12, .heads = 12, .mlp = 3072}},
    {"svg-l", {.width = 1024, .depth = 24, .heads = 16, .mlp = 4096}},
    {"svg-xl", {.width = 1152, .depth = 28, .heads = 16, .mlp = 4608}},
    // DiT's, SiT's and REPA's.
    {"dit-s", {.width = 384, .depth = 12, .heads = 6, .mlp = 1536}},
    {"dit-b", {.width = 768, .depth = 12, .heads = 12, .mlp = 3072}},
    {"dit-l", {.width = 1024, .depth = 24, .heads = 16, .mlp = 4096}},
    {"dit-xl", {.width = 1152, .depth = 28, .heads = 16, .mlp = 4608}},
    {"lightningdit-b", {.width = 768, .depth = 12, .heads = 12, .mlp = 2048}},
    {"lightningdit-l", {.width = 1024, .depth = 24, .heads = 16, .mlp = 2730}},
    {"lightningdit-xl", {.width = 1152, .depth = 28, .heads = 16, .mlp = 3072}},
    {"lightningdit-1p0b", {.width = 1536, .depth = 24, .heads = 24, .mlp = 4096}},
    {"lightningdit-1p6b", {.width = 1792, .depth = 28, .heads = 28, .mlp = 4778}},
};

// The sizes of a card that leaves them out. A preset fixes the transformer, not the latent or the
// classes.
constexpr DitConfig kNothing = {.width = 0, .depth = 0, .heads = 0, .mlp = 0};

using enum nn::InitialWeights;
constexpr nn::InitialWeightsRule kInitialWeights[] = {
    {"pos_embed", "", kPositionTable},
    {"norm", "weight", kOnes},
    {"adaLN_modulation", "", kZeros},
    {"final_layer.linear", "", kZeros},
    {"embedding_table", "", kNormal, 0.02},
    {"t_embedder", "weight", kNormal, 0.02},
    {"", "weight", kXavier},
    {"", "bias", kZeros},
};

// What cards leave out, by the publication.
constexpr DitConfig kSvgParts = {};
constexpr DitConfig kPlainParts = {.qk_norm = nn::QkNorm::kNone};
constexpr DitConfig kRepaParts = {.learn_sigma = false, .qk_norm = nn::QkNorm::kNone};
constexpr DitConfig kLightningParts = {.learn_sigma = false,
                                       .qk_norm = nn::QkNorm::kNone,
                                       .norm = ops::NormKind::kRms,
                                       .feed_forward = FeedForward::kSwiGlu,
                                       .rotary = true};

template <const DitConfig& kParts>
DitConfig from_card(const Card& card, int64_t latent_channels, MissingKeys& missing) {
  const DiffusionConfig& c = *card.diffusion;
  DitConfig blocks{.width = c.width, .depth = c.depth, .heads = c.heads, .mlp = c.mlp};
  if (const DitConfig* preset = kDit.find_preset(c.preset)) blocks = *preset;
  DitConfig sizes = kParts;
  sizes.width = blocks.width;
  sizes.depth = blocks.depth;
  sizes.heads = blocks.heads;
  sizes.mlp = blocks.mlp;
  sizes.channels = latent_channels;
  sizes.classes = c.classes;
  sizes.patch = std::max<int64_t>(c.patch, 1);
  sizes.grid = card.grid;
  sizes.tokens = card.grid.cells() / (sizes.patch * sizes.patch);
  sizes.learn_sigma = c.learn_sigma.value_or(kParts.learn_sigma);
  sizes.rotary = c.rotary.value_or(kParts.rotary);
  const bool is_rms = kParts.norm == ops::NormKind::kRms;
  if (c.qk_norm && *c.qk_norm) sizes.qk_norm = is_rms ? nn::QkNorm::kRms : nn::QkNorm::kLayer;
  if (c.qk_norm && !*c.qk_norm) sizes.qk_norm = nn::QkNorm::kNone;
  missing.require("latent channels (of encoder and residual)", sizes.channels);
  missing.require("grid", sizes.tokens);
  missing.require("diffusion.width", sizes.width);
  missing.require("diffusion.depth", sizes.depth);
  missing.require("diffusion.heads", sizes.heads);
  missing.require("diffusion.mlp", sizes.mlp);
  missing.require("diffusion.classes", sizes.classes);
  if (card.grid.height % sizes.patch != 0 || card.grid.width % sizes.patch != 0)
    throw ConfigurationError(
        "the card's grid is no multiple of diffusion.patch",
        {.expected = "a multiple of " + std::to_string(sizes.patch),
         .found = std::to_string(card.grid.height) + " x " + std::to_string(card.grid.width),
         .where = card.path.string()});
  if (!missing.text().empty() || sizes.width % sizes.heads == 0) return sizes;
  throw ConfigurationError("diffusion.width of the card is no multiple of diffusion.heads",
                           {.expected = "a multiple of " + std::to_string(sizes.heads),
                            .found = std::to_string(sizes.width),
                            .where = card.path.string()});
}

DitConfig from_file(const Card& card, const weights::StateSource& source,
                    int64_t /*latent_channels*/) {
  DitConfig config = infer_dit_config(*card.diffusion, source);
  config.grid = card.grid;
  const int64_t patch = config.patch;
  if (card.grid.height % patch == 0 && card.grid.width % patch == 0) {
    // A spelling that keeps no position table leaves the number of tokens to the card.
    if (config.tokens == 0) config.tokens = card.grid.cells() / (patch * patch);
    if (card.grid.cells() == config.cells()) return config;
  }
  const std::string squares =
      patch == 1 ? "" : " of " + std::to_string(patch) + " x " + std::to_string(patch) + " cells";
  throw ConfigurationError(
      "the card's grid and the diffusion weights have different numbers of tokens: correct "
      "\"grid\"",
      {.expected =
           std::to_string(config.tokens) + " tokens" + squares + " as in " + source.path().string(),
       .found = std::to_string(card.grid.height) + " x " + std::to_string(card.grid.width),
       .where = card.path.string()});
}

}  // namespace

template <const DitConfig& kParts>
constexpr Component<DitConfig> component = {.part = ModelPart::kDiffusion,
                                            .presets = kPresets,
                                            .spelling = &kDitSpelling,
                                            .from_file = from_file,
                                            .from_card = from_card<kParts>,
                                            .initial_weights = kInitialWeights};

constinit const Component<DitConfig> kDit = component<kSvgParts>;
constinit const Component<DitConfig> kPlainDit = component<kPlainParts>;
constinit const Component<DitConfig> kRepaDit = component<kRepaParts>;
constinit const Component<DitConfig> kLightningDit = component<kLightningParts>;

DitConfig infer_dit_config(const DiffusionConfig& card, const weights::StateSource& source) {
  const DitConfig preset = kDit.preset_or(kNothing, card.preset);
  SizeCheck check("diffusion", source);
  DitConfig config;
  config.width = check.settle("width", given_or(card.width, preset.width),
                              file_size(source, "ln1.weight", 2, 0));
  config.depth =
      check.settle("depth", given_or(card.depth, preset.depth), file_count(source, "blocks."));
  const bool gated = file_has(source, "blocks.0.mlp.w12.weight");
  config.feed_forward = gated ? FeedForward::kSwiGlu : FeedForward::kGelu;
  config.mlp = check.settle("mlp", given_or(card.mlp, preset.mlp),
                            gated ? file_size(source, "blocks.0.mlp.w3.weight", 2, 1)
                                  : file_size(source, "blocks.0.mlp.fc1.weight", 2, 0));
  config.classes = check.settle("classes", card.classes,
                                file_size(source, "y_embedder.embedding_table.weight", 2, 0) - 1);
  config.tokens = file_has(source, "pos_embed") ? file_size(source, "pos_embed", 3, 1) : 0;
  // The input has channels times patch^2 columns, the output the same rows or twice as many; which
  // share of them is the patch's, the card says.
  config.patch = std::max<int64_t>(card.patch, 1);
  const int64_t columns = file_size(source, "ln1.weight", 2, 1),
                squares = config.patch * config.patch;
  config.channels = columns / squares;
  if (columns % squares != 0)
    check.reject("patch", "one whose square divides " + std::to_string(columns),
                 std::to_string(config.patch));
  const bool learn_sigma = file_size(source, "final_layer.linear.weight", 2, 0) == 2 * columns;
  config.learn_sigma =
      check.settle_flag("learn_sigma", card.learn_sigma.value_or(learn_sigma), learn_sigma);
  const bool is_rms = file_has(source, "blocks.0.norm1.weight");
  config.norm = is_rms ? ops::NormKind::kRms : ops::NormKind::kLayer;
  config.rotary = card.rotary.value_or(is_rms);
  config.shifts = file_size(source, "blocks.0.adaLN_modulation.1.weight", 2, 0) == 6 * config.width;
  const std::string q_norm = "blocks.0.attn.q_norm.weight";
  const bool qk_norm = file_has(source, q_norm);
  check.settle_flag("qk_norm", card.qk_norm.value_or(qk_norm), qk_norm);
  if (!qk_norm)
    config.qk_norm = nn::QkNorm::kNone;
  else
    config.qk_norm =
        file_has(source, "blocks.0.attn.q_norm.bias") ? nn::QkNorm::kLayer : nn::QkNorm::kRms;
  config.heads = given_or(card.heads, preset.heads);
  if (qk_norm)
    config.heads =
        check.settle("heads", config.heads, config.width / file_size(source, q_norm, 1, 0));
  check.require_heads("heads", config.heads, config.width);
  check.finish();
  return config;
}

}  // namespace svgen::models
