// SPDX-License-Identifier: MIT
// The published sizes of the diffusion transformer, and reading them from a card and a file.
#include <utility>

#include "models/dit/dit.h"
#include "models/sizes.h"
#include "svgen/error.h"

namespace svgen::models {
namespace {

const std::pair<std::string_view, DitConfig> kPresets[] = {
    {"svg-s", {.width = 384, .depth = 12, .heads = 6, .mlp = 1536}},
    {"svg-b", {.width = 768, .depth = 12, .heads = 12, .mlp = 3072}},
    {"svg-l", {.width = 1024, .depth = 24, .heads = 16, .mlp = 4096}},
    {"svg-xl", {.width = 1152, .depth = 28, .heads = 16, .mlp = 4608}},
};

// Sizes of 0, as in a card that leaves them out. A preset fixes the transformer, not the latent
// or the classes.
DitConfig preset_or_nothing(const DiffusionConfig& card) {
  if (card.preset.empty()) return {.width = 0, .depth = 0, .heads = 0, .mlp = 0};
  if (const DitConfig* preset = find_dit_preset(card.preset)) return *preset;
  std::string known;
  for (const auto& [name, config] : kPresets) (known += known.empty() ? "" : ", ") += name;
  throw ConfigurationError("unknown diffusion preset '" + card.preset + "': name a known one",
                           {.expected = known, .found = card.preset, .where = "diffusion.preset"});
}

}  // namespace

const DitConfig* find_dit_preset(std::string_view name) {
  for (const auto& [preset_name, config] : kPresets)
    if (preset_name == name) return &config;
  return nullptr;
}

std::vector<std::string_view> dit_preset_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, config] : kPresets) names.push_back(name);
  return names;
}

DitConfig infer_dit_config(const DiffusionConfig& card, const weights::StateSource& source) {
  const DitConfig preset = preset_or_nothing(card);
  const auto given = [](int64_t card_size, int64_t preset_size) {
    return card_size ? card_size : preset_size;
  };
  SizeCheck check("diffusion", source);
  DitConfig config;
  config.channels = file_size(source, "ln1.weight", 2, 1);
  config.width =
      check.settle("width", given(card.width, preset.width), file_size(source, "ln1.weight", 2, 0));
  config.depth =
      check.settle("depth", given(card.depth, preset.depth), file_count(source, "blocks."));
  config.mlp = check.settle("mlp", given(card.mlp, preset.mlp),
                            file_size(source, "blocks.0.mlp.fc1.weight", 2, 0));
  config.classes = check.settle("classes", card.classes,
                                file_size(source, "y_embedder.embedding_table.weight", 2, 0) - 1);
  config.tokens = file_size(source, "pos_embed", 3, 1);
  const bool learn_sigma =
      file_size(source, "final_layer.linear.weight", 2, 0) == 2 * config.channels;
  config.learn_sigma =
      check.settle_flag("learn_sigma", card.learn_sigma.value_or(learn_sigma), learn_sigma);
  const std::string q_norm = "blocks.0.attn.q_norm.weight";
  const bool qk_norm = file_has(source, q_norm);
  config.qk_norm = check.settle_flag("qk_norm", card.qk_norm.value_or(qk_norm), qk_norm);
  config.heads = given(card.heads, preset.heads);
  if (qk_norm)
    config.heads =
        check.settle("heads", config.heads, config.width / file_size(source, q_norm, 1, 0));
  if (config.heads <= 0 || config.width % config.heads != 0)
    check.reject("heads", "a divisor of " + std::to_string(config.width),
                 config.heads == 0 ? "none" : std::to_string(config.heads));
  check.finish();
  return config;
}

}  // namespace svgen::models
