// SPDX-License-Identifier: MIT
// The published sizes of RiT and the names of its tensors.
#include <string>

#include "models/rit/rit.h"
#include "models/sizes.h"
#include "svgen/error.h"

namespace svgen::models {
namespace {

constexpr Preset<RitConfig> kPresets[] = {{"rit-xl", {}}};
constexpr RitConfig kNothing = {.width = 0, .depth = 0, .heads = 0, .mlp = 0, .context_start = 0};

RitConfig from_file(const Card& card, const weights::StateSource& source, int64_t) {
  const DiffusionConfig& given = *card.diffusion;
  const RitConfig& preset = kRit.preset_or(kNothing, given.preset);
  SizeCheck check("diffusion", source);
  RitConfig config;
  config.grid = card.grid;
  config.channels = file_size(source, "x_embedder.weight", 2, 1);
  config.width = check.settle("width", given_or(given.width, preset.width),
                              file_size(source, "x_embedder.weight", 2, 0));
  config.depth =
      check.settle("depth", given_or(given.depth, preset.depth), file_count(source, "blocks."));
  config.mlp = check.settle("mlp", given_or(given.mlp, preset.mlp),
                            file_size(source, "blocks.0.mlp.w3.weight", 2, 1));
  config.classes = check.settle("classes", given.classes,
                                file_size(source, "y_embedder.embedding_table.weight", 2, 0) - 1);
  config.heads =
      check.settle("heads", given_or(given.heads, preset.heads),
                   config.width / file_size(source, "blocks.0.attn.q_norm.weight", 1, 0));
  config.context = file_size(source, "in_context_posemb", 3, 1);
  config.context_start = given_or(given.context_start, preset.context_start);
  if (config.context_start <= 0 || config.context_start >= config.depth)
    check.reject("context_start", "1 to " + std::to_string(config.depth - 1),
                 std::to_string(config.context_start));
  check.require_cells(card.grid.cells(), file_size(source, "pos_embed", 3, 1) - 1);
  check.finish();
  return config;
}

RitConfig from_card(const Card&, int64_t, MissingKeys& missing) {
  missing.require("diffusion.file (there is no training of RiT)", 0);
  return {};
}

using weights::KeyRule;
using enum weights::KeyChange;
using enum weights::KeyNeed;

constexpr KeyRule kRules[] = {
    {"pos_embed", nullptr},
    {"in_context_posemb", nullptr},
    {"t_embedder.mlp.0.*", nullptr},
    {"t_embedder.mlp.2.*", nullptr},
    {"y_embedder.embedding_table.weight", nullptr},
    {"x_embedder.proj.*", "x_embedder.*", kRequired, kFlatten},
    {"cls_projectors.*", nullptr},
    {"blocks.{}.norm1.weight", nullptr},
    {"blocks.{}.norm2.weight", nullptr},
    {"blocks.{}.attn.q_norm.weight", nullptr},
    {"blocks.{}.attn.k_norm.weight", nullptr},
    {"blocks.{}.attn.qkv.*", nullptr},
    {"blocks.{}.attn.proj.*", nullptr},
    {"blocks.{}.mlp.w12.*", nullptr},
    {"blocks.{}.mlp.w3.*", nullptr},
    {"blocks.{}.adaLN_modulation.1.*", nullptr},
    {"final_layer.norm_final.weight", nullptr},
    {"final_layer.linear.*", nullptr},
    {"final_layer.linear_cls.*", nullptr},
    {"final_layer.adaLN_modulation.1.*", nullptr},
};
constexpr weights::KeyFamily kFamilies[] = {{"RiT", "", kRules}};

}  // namespace

constinit const weights::Spelling kRitSpelling = {.network = "diffusion transformer",
                                                  .families = kFamilies};
constinit const Component<RitConfig> kRit = {.part = ModelPart::kDiffusion,
                                             .presets = kPresets,
                                             .spelling = &kRitSpelling,
                                             .from_file = from_file,
                                             .from_card = from_card};

}  // namespace svgen::models
