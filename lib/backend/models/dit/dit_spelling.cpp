// SPDX-License-Identifier: MIT
// The names of the diffusion transformer's tensors.
#include "models/dit/dit.h"

namespace svgen::models {
namespace {

using weights::KeyRule;
using enum weights::KeyChange;
using enum weights::KeyNeed;

constexpr char kQueryNorm[] = "blocks.{}.attn.q_norm.", kKeyNorm[] = "blocks.{}.attn.k_norm.";
constexpr KeyRule kDiffusionRules[] = {
    {"pos_embed", nullptr},
    {"ln1.*", nullptr},
    {"t_embedder.mlp.0.*", nullptr},
    {"t_embedder.mlp.2.*", nullptr},
    {"y_embedder.embedding_table.weight", nullptr},
    {"blocks.{}.attn.qkv.*", nullptr},
    {"blocks.{}.attn.q_norm.*", nullptr, kWithGroup, kNone, kQueryNorm},
    {"blocks.{}.attn.k_norm.*", nullptr, kWithGroup, kNone, kKeyNorm},
    {"blocks.{}.attn.proj.*", nullptr},
    {"blocks.{}.mlp.fc1.*", nullptr},
    {"blocks.{}.mlp.fc2.*", nullptr},
    {"blocks.{}.adaLN_modulation.1.*", nullptr},
    {"final_layer.linear.*", nullptr},
    {"final_layer.adaLN_modulation.1.*", nullptr},
};

constexpr weights::KeyFamily kFamilies[] = {{"diffusion transformer", "", kDiffusionRules}};

}  // namespace

constinit const weights::Spelling kDitSpelling = {.network = "diffusion transformer",
                                                  .families = kFamilies};

}  // namespace svgen::models
