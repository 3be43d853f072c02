// SPDX-License-Identifier: MIT
// Sizes from the card.
#include "train/sizes.h"

#include <functional>
#include <initializer_list>

#include "engine/model_info.h"
#include "svgen/error.h"

namespace svgen::train {
namespace {

using weights::Role;

struct WantedKey {
  const char* key;
  int64_t value;
};

// The keys that the card leaves out.
std::string missing(std::initializer_list<WantedKey> keys) {
  std::string text;
  for (const WantedKey& wanted : keys) {
    if (wanted.value <= 0) text += (text.empty() ? "" : ", ") + std::string(wanted.key);
  }
  return text;
}

template <typename Config>
Config from_file(const engine::ModelFiles& files, Role role, const std::string& missing_keys,
                 const std::function<Config(const weights::StateSource&)>& infer) {
  if (const auto source = files.open_if_there(role)) return infer(*source);
  throw ConfigurationError(
      "the card does not say the sizes of what is to be trained from nothing: add the keys",
      {missing_keys, "neither they nor a weights file to take them from",
       files.card().path.string()});
}

}  // namespace

models::DinoV3Config encoder_sizes(const engine::ModelFiles& files) {
  files.require(Role::kEncoder);
  const Card& card = files.card();
  const EncoderConfig& c = *card.encoder;
  models::DinoV3Config sizes{.patch = card.patch,
                             .width = c.width,
                             .depth = c.depth,
                             .heads = c.heads,
                             .ffn = c.ffn,
                             .registers = c.registers};
  if (const models::DinoV3Config* preset = models::find_dinov3_preset(c.preset)) sizes = *preset;
  if (c.rope_base > 0) sizes.rope_base = c.rope_base;
  const std::string lacking = missing({{"patch", sizes.patch},
                                       {"grid", card.grid.tokens()},
                                       {"encoder.width", sizes.width},
                                       {"encoder.depth", sizes.depth},
                                       {"encoder.heads", sizes.heads},
                                       {"encoder.ffn", sizes.ffn},
                                       {"encoder.registers", sizes.registers + 1}});
  if (!lacking.empty()) {
    return from_file<models::DinoV3Config>(files, Role::kEncoder, lacking, [&](const auto& source) {
      return engine::encoder_config(card, source);
    });
  }
  if (sizes.width % (4 * sizes.heads) == 0) return sizes;
  throw ConfigurationError(
      "encoder.width of the card does not give each head a multiple of four channels",
      {"a multiple of " + std::to_string(4 * sizes.heads), std::to_string(sizes.width),
       card.path.string()});
}

models::ResidualVitConfig residual_sizes(const engine::ModelFiles& files) {
  files.require(Role::kResidual);
  const Card& card = files.card();
  const ResidualConfig& c = *card.residual;
  const std::string lacking = missing({{"patch", card.patch},
                                       {"grid", card.grid.tokens()},
                                       {"residual.width", c.width},
                                       {"residual.depth", c.depth},
                                       {"residual.heads", c.heads},
                                       {"residual.mlp", c.mlp},
                                       {"residual.outputs", c.outputs}});
  if (!lacking.empty()) {
    return from_file<models::ResidualVitConfig>(
        files, Role::kResidual, lacking,
        [&](const auto& source) { return engine::residual_config(card, source); });
  }
  return {card.patch, c.width, c.depth, c.heads, c.mlp, c.outputs, card.grid.tokens(), card.grid};
}

models::DecoderConfig decoder_sizes(const engine::ModelFiles& files, int64_t latent_channels) {
  files.require(Role::kDecoder);
  const DecoderConfig& c = *files.card().decoder;
  const std::string lacking =
      missing({{"latent channels (of encoder and residual)", latent_channels},
               {"decoder.channels", c.channels},
               {"decoder.multipliers", static_cast<int64_t>(c.multipliers.size())},
               {"decoder.res_blocks", c.res_blocks}});
  if (!lacking.empty()) {
    return from_file<models::DecoderConfig>(
        files, Role::kDecoder, lacking, [&](const auto& source) {
          return engine::decoder_config(files.card(), source, latent_channels);
        });
  }
  return {latent_channels, c.channels, c.multipliers, c.res_blocks, c.attention_levels, c.groups};
}

models::DitConfig diffusion_sizes(const engine::ModelFiles& files, int64_t latent_channels) {
  files.require(Role::kDiffusion);
  const Card& card = files.card();
  const DiffusionConfig& c = *card.diffusion;
  models::DitConfig sizes{.width = c.width, .depth = c.depth, .heads = c.heads, .mlp = c.mlp};
  if (const models::DitConfig* preset = models::find_dit_preset(c.preset)) sizes = *preset;
  sizes.channels = latent_channels;
  sizes.classes = c.classes;
  sizes.tokens = card.grid.tokens();
  sizes.learn_sigma = c.learn_sigma.value_or(true);
  sizes.qk_norm = c.qk_norm.value_or(true);
  const std::string lacking =
      missing({{"latent channels (of encoder and residual)", sizes.channels},
               {"grid", sizes.tokens},
               {"diffusion.width", sizes.width},
               {"diffusion.depth", sizes.depth},
               {"diffusion.heads", sizes.heads},
               {"diffusion.mlp", sizes.mlp},
               {"diffusion.classes", sizes.classes}});
  if (!lacking.empty()) {
    return from_file<models::DitConfig>(files, Role::kDiffusion, lacking, [&](const auto& source) {
      return engine::diffusion_config(card, source);
    });
  }
  if (sizes.width % sizes.heads == 0) return sizes;
  throw ConfigurationError("diffusion.width of the card is no multiple of diffusion.heads",
                           {"a multiple of " + std::to_string(sizes.heads),
                            std::to_string(sizes.width), card.path.string()});
}

int64_t label_classes(const engine::ModelFiles& files) {
  const Card& card = files.card();
  const int64_t classes = card.diffusion && card.diffusion->classes > 0
                              ? card.diffusion->classes
                              : static_cast<int64_t>(card.classes.size());
  if (classes > 0) return classes;
  throw ConfigurationError("the card does not say how many classes the labels name: add a key",
                           {"diffusion.classes or classes", "neither", card.path.string()});
}

void check_labels(std::span<const int64_t> labels, int64_t classes) {
  for (const int64_t label : labels) {
    if (label >= -1 && label < classes) continue;
    throw ConfigurationError(
        "a label lies outside the model's classes: correct the dataset or \"classes\" of the card",
        {"-1 (no class) to " + std::to_string(classes - 1), std::to_string(label), "labels"});
  }
}

}  // namespace svgen::train
