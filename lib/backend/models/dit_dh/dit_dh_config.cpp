// SPDX-License-Identifier: MIT
// The published sizes of DiT-DH and the names of its tensors.
#include <string>

#include "models/dit_dh/dit_dh.h"
#include "models/sizes.h"
#include "svgen/error.h"

namespace svgen::models {
namespace {

constexpr DitDhPart kHead = {2048, 2, 16, 5461};
constexpr Preset<DitDhConfig> kPresets[] = {
    {"dit-dh-s", {.body = {384, 12, 6, 1024}, .head = kHead}},
    {"dit-dh-b", {.body = {768, 12, 12, 2048}, .head = kHead}},
    {"dit-dh-xl", {.body = {1152, 28, 16, 3072}, .head = kHead}},
};
constexpr DitDhConfig kNothing = {.body = {}, .head = {}};

int64_t width_of(const weights::StateSource& source, int64_t block) {
  return file_size(source, "blocks." + std::to_string(block) + ".norm1.weight", 1, 0);
}

int64_t hidden_of(const weights::StateSource& source, int64_t block) {
  return file_size(source, "blocks." + std::to_string(block) + ".mlp.w3.weight", 2, 1);
}

DitDhConfig from_file(const Card& card, const weights::StateSource& source, int64_t) {
  const DiffusionConfig& given = *card.diffusion;
  const DitDhConfig& preset = kDitDh.preset_or(kNothing, given.preset);
  SizeCheck check("diffusion", source);
  DitDhConfig config;
  config.grid = card.grid;
  config.channels = file_size(source, "s_embedder.weight", 2, 1);
  config.classes = check.settle("classes", given.classes,
                                file_size(source, "y_embedder.embedding_table.weight", 2, 0) - 1);
  const int64_t width = file_size(source, "s_embedder.weight", 2, 0),
                head_width = file_size(source, "x_embedder.weight", 2, 0);
  const int64_t blocks = file_count(source, "blocks.");
  // The two differ in width, or the card says where the head begins.
  int64_t depth = given_or(given.depth, preset.body.depth);
  if (width != head_width) {
    int64_t counted = 0;
    while (counted < blocks && width_of(source, counted) == width) ++counted;
    depth = check.settle("depth", depth, counted);
  }
  if (depth <= 0 || depth >= blocks)
    check.reject("depth", "1 to " + std::to_string(blocks - 1), std::to_string(depth));
  check.settle("width", given_or(given.width, preset.body.width), width);
  config.body = {width, depth, given_or(given.heads, preset.body.heads), hidden_of(source, 0)};
  config.head = {head_width, blocks - depth, given_or(given.head_heads, preset.head.heads),
                 hidden_of(source, blocks - 1)};
  check.require_rotary_heads("heads", config.body.heads, config.body.width);
  check.require_rotary_heads("head_heads", config.head.heads, config.head.width);
  check.require_cells(card.grid.cells(), file_size(source, "pos_embed", 3, 1));
  check.finish();
  return config;
}

DitDhConfig from_card(const Card&, int64_t, MissingKeys& missing) {
  missing.require("diffusion.file (there is no training of DiT-DH)", 0);
  return {};
}

using weights::KeyRule;
using enum weights::KeyChange;
using enum weights::KeyNeed;

constexpr char kComputed[] = "computed from the grid";
constexpr KeyRule kRules[] = {
    {"pos_embed", nullptr},
    {"s_embedder.proj.*", "s_embedder.*", kRequired, kFlatten},
    {"x_embedder.proj.*", "x_embedder.*", kRequired, kFlatten},
    {"s_projector.*", nullptr, kOptional},
    {"t_embedder.W", nullptr},
    {"t_embedder.mlp.0.*", nullptr},
    {"t_embedder.mlp.2.*", nullptr},
    {"y_embedder.embedding_table.weight", nullptr},
    {"blocks.{}.norm1.weight", nullptr},
    {"blocks.{}.norm2.weight", nullptr},
    {"blocks.{}.attn.qkv.*", nullptr},
    {"blocks.{}.attn.proj.*", nullptr},
    {"blocks.{}.mlp.w12.*", nullptr},
    {"blocks.{}.mlp.w3.*", nullptr},
    {"blocks.{}.adaLN_modulation.1.*", nullptr},
    {"final_layer.norm_final.weight", nullptr},
    {"final_layer.linear.*", nullptr},
    {"final_layer.adaLN_modulation.1.*", nullptr},
    {"enc_feat_rope.*", nullptr, kSurplus, kNone, kComputed},
    {"dec_feat_rope.*", nullptr, kSurplus, kNone, kComputed},
};
constexpr weights::KeyFamily kFamilies[] = {{"DiT-DH", "", kRules}};

}  // namespace

constinit const weights::Spelling kDitDhSpelling = {.network = "diffusion transformer",
                                                    .families = kFamilies};
constinit const Component<DitDhConfig> kDitDh = {.part = ModelPart::kDiffusion,
                                                 .presets = kPresets,
                                                 .spelling = &kDitDhSpelling,
                                                 .from_file = from_file,
                                                 .from_card = from_card};

}  // namespace svgen::models
