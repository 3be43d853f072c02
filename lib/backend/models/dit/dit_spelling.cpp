// SPDX-License-Identifier: MIT
// The names of the diffusion transformers' tensors, in SVG's spelling and in that of the systems
// that it is compared with.
#include "models/dit/dit.h"
#include "weights/key_tables.h"

namespace svgen::models {
namespace {

using weights::joined_rules;
using weights::KeyRule;
using enum weights::KeyChange;
using enum weights::KeyNeed;

constexpr char kQueryNorm[] = "blocks.{}.attn.q_norm.", kKeyNorm[] = "blocks.{}.attn.k_norm.";
constexpr char kBlockNorm[] = "blocks.{}.norm1.", kComputed[] = "computed from the grid";
constexpr char kProjector[] = "aligns features in REPA's training only";
constexpr char kCopy[] = "a copy of block 0's embedder";

// What SVG and the systems before it share.
constexpr KeyRule kCommon[] = {
    {"t_embedder.mlp.0.*", nullptr},
    {"t_embedder.mlp.2.*", nullptr},
    {"y_embedder.embedding_table.weight", nullptr},
    {"blocks.{}.attn.qkv.*", nullptr},
    {"blocks.{}.attn.proj.*", nullptr},
    {"blocks.{}.adaLN_modulation.1.*", nullptr},
    {"final_layer.linear.*", nullptr},
    {"final_layer.adaLN_modulation.1.*", nullptr},
    {"pos_embed", nullptr},
};

constexpr KeyRule kGelu[] = {
    {"blocks.{}.mlp.fc1.*", nullptr},
    {"blocks.{}.mlp.fc2.*", nullptr},
};

constexpr KeyRule kRepa[] = {
    {"projectors.{}.{}.*", nullptr, kSurplus, kNone, kProjector},
};

constexpr KeyRule kEmbedder[] = {
    {"ln1.*", nullptr},
};

constexpr KeyRule kSvg[] = {
    {"ln1.*", nullptr},
    {"blocks.{}.attn.q_norm.*", nullptr, kWithGroup, kNone, kQueryNorm},
    {"blocks.{}.attn.k_norm.*", nullptr, kWithGroup, kNone, kKeyNorm},
};

constexpr KeyRule kPatches[] = {
    {"x_embedder.proj.*", "ln1.*", kRequired, kFlatten},
};

constexpr KeyRule kLightning[] = {
    {"blocks.{}.norm1.weight", nullptr, kWithGroup, kNone, kBlockNorm},
    {"blocks.{}.norm2.weight", nullptr, kWithGroup, kNone, kBlockNorm},
    {"final_layer.norm_final.weight", nullptr, kOptional},
    {"blocks.{}.attn.q_norm.weight", nullptr, kWithGroup, kNone, kQueryNorm},
    {"blocks.{}.attn.k_norm.weight", nullptr, kWithGroup, kNone, kKeyNorm},
    {"blocks.{}.mlp.w12.*", nullptr},
    {"blocks.{}.mlp.w3.*", nullptr},
    {"feat_rope.freqs_cos", nullptr, kSurplus, kNone, kComputed},
    {"feat_rope.freqs_sin", nullptr, kSurplus, kNone, kComputed},
};

// What is trained here names its embedder as SVG does, whatever the system.
constexpr auto kSvgRules = joined_rules(joined_rules(kCommon, kSvg, kGelu), kRepa);
constexpr auto kTrainedLightningRules =
    joined_rules(joined_rules(kCommon, kEmbedder, kLightning), kRepa);
constexpr auto kDitRules = joined_rules(kCommon, kPatches, kGelu);
constexpr auto kRepaRules = joined_rules(kDitRules, kRepa);
constexpr auto kLightningRules = joined_rules(kCommon, kPatches, kLightning);

constexpr KeyRule kDiffusersRules[] = {
    {"pos_embed.proj.*", "ln1.*", kRequired, kFlatten},
    {"pos_embed.pos_embed", "pos_embed", kOptional},
    {"transformer_blocks.0.norm1.emb.timestep_embedder.linear_1.*", "t_embedder.mlp.0.*"},
    {"transformer_blocks.0.norm1.emb.timestep_embedder.linear_2.*", "t_embedder.mlp.2.*"},
    {"transformer_blocks.0.norm1.emb.class_embedder.embedding_table.weight",
     "y_embedder.embedding_table.weight"},
    {"transformer_blocks.{}.norm1.emb.*", nullptr, kSurplus, kNone, kCopy},
    {"transformer_blocks.{}.norm1.linear.*", "blocks.{}.adaLN_modulation.1.*"},
    {"transformer_blocks.{}.attn1.to_q.*", "blocks.{}.attn.qkv.*", kRequired, kQueryThird},
    {"transformer_blocks.{}.attn1.to_k.*", "blocks.{}.attn.qkv.*", kRequired, kKeyThird},
    {"transformer_blocks.{}.attn1.to_v.*", "blocks.{}.attn.qkv.*", kRequired, kValueThird},
    {"transformer_blocks.{}.attn1.to_out.0.*", "blocks.{}.attn.proj.*"},
    {"transformer_blocks.{}.ff.net.0.proj.*", "blocks.{}.mlp.fc1.*"},
    {"transformer_blocks.{}.ff.net.2.*", "blocks.{}.mlp.fc2.*"},
    {"proj_out_1.*", "final_layer.adaLN_modulation.1.*"},
    {"proj_out_2.*", "final_layer.linear.*"},
};

// Older files of REPA number the blocks behind those that are aligned anew.
constexpr weights::Renumbering kLaterBlocks = {"decoder_blocks.", "blocks.",
                                               weights::Numbering::kBehind};

constexpr weights::KeyFamily kFamilies[] = {
    {"diffusion transformer", "", kSvgRules},
    {"DiT or SiT", "", kDitRules},
    {"REPA's SiT", "", kRepaRules, kLaterBlocks},
    {"LightningDiT", "", kLightningRules},
    {"DiT (diffusers)", "", kDiffusersRules},
    {"LightningDiT with SVG's embedder", "", kTrainedLightningRules},
};

}  // namespace

constinit const weights::Spelling kDitSpelling = {.network = "diffusion transformer",
                                                  .families = kFamilies};

}  // namespace svgen::models
