// SPDX-License-Identifier: MIT
// What the published checkpoints call their tensors.
#include "weights/maps.h"

#include <array>

namespace svgen::weights {
namespace {

using enum KeyNeed;
using enum KeyChange;

constexpr char kPretraining[] = "used in the encoder's pre-training only";
constexpr char kLosses[] = "networks of the training losses";
constexpr char kNeverCalled[] = "created by the published code and never called";
constexpr char kDropToken[] = "stands for dropped residual features, in training only";

constexpr KeyRule kMetaRules[] = {
    {"cls_token", nullptr},
    {"storage_tokens", nullptr},
    {"mask_token", nullptr, kSurplus, kNone, kPretraining},
    {"patch_embed.proj.*", nullptr},
    {"rope_embed.periods", nullptr, kOptional},
    {"blocks.{}.norm1.*", nullptr},
    {"blocks.{}.attn.qkv.bias_mask", nullptr, kOptional},
    {"blocks.{}.attn.qkv.*", nullptr},
    {"blocks.{}.attn.proj.*", nullptr},
    {"blocks.{}.ls1.gamma", nullptr},
    {"blocks.{}.norm2.*", nullptr},
    {"blocks.{}.mlp.w1.*", nullptr},
    {"blocks.{}.mlp.w2.*", nullptr},
    {"blocks.{}.mlp.w3.*", nullptr},
    {"blocks.{}.ls2.gamma", nullptr},
    {"norm.*", nullptr},
};

constexpr KeyRule kHuggingFaceRules[] = {
    {"embeddings.cls_token", "cls_token"},
    {"embeddings.register_tokens", "storage_tokens"},
    {"embeddings.mask_token", "mask_token", kSurplus, kDropFirstAxis, kPretraining},
    {"embeddings.patch_embeddings.*", "patch_embed.proj.*"},
    {"layer.{}.norm1.*", "blocks.{}.norm1.*"},
    {"layer.{}.attention.q_proj.weight", "blocks.{}.attn.qkv.weight", kRequired, kQueryThird},
    {"layer.{}.attention.k_proj.weight", "blocks.{}.attn.qkv.weight", kRequired, kKeyThird},
    {"layer.{}.attention.v_proj.weight", "blocks.{}.attn.qkv.weight", kRequired, kValueThird},
    {"layer.{}.attention.q_proj.bias", "blocks.{}.attn.qkv.bias", kRequired, kQueryThird},
    {"layer.{}.attention.k_proj.bias", "blocks.{}.attn.qkv.bias", kOptional, kKeyThird},
    {"layer.{}.attention.v_proj.bias", "blocks.{}.attn.qkv.bias", kRequired, kValueThird},
    {"layer.{}.attention.o_proj.*", "blocks.{}.attn.proj.*"},
    {"layer.{}.layer_scale1.lambda1", "blocks.{}.ls1.gamma"},
    {"layer.{}.norm2.*", "blocks.{}.norm2.*"},
    {"layer.{}.mlp.gate_proj.*", "blocks.{}.mlp.w1.*"},
    {"layer.{}.mlp.up_proj.*", "blocks.{}.mlp.w2.*"},
    {"layer.{}.mlp.down_proj.*", "blocks.{}.mlp.w3.*"},
    {"layer.{}.layer_scale2.lambda1", "blocks.{}.ls2.gamma"},
    {"norm.*", nullptr},
};

constexpr KeyRule kTimmRules[] = {
    {"cls_token", nullptr},
    {"reg_token", "storage_tokens"},
    {"patch_embed.proj.*", nullptr},
    {"blocks.{}.norm1.*", nullptr},
    {"blocks.{}.attn.qkv.weight", nullptr},
    {"blocks.{}.attn.q_bias", "blocks.{}.attn.qkv.bias", kRequired, kQueryThird},
    {"blocks.{}.attn.k_bias", "blocks.{}.attn.qkv.bias", kOptional, kKeyThird},
    {"blocks.{}.attn.v_bias", "blocks.{}.attn.qkv.bias", kRequired, kValueThird},
    {"blocks.{}.attn.proj.*", nullptr},
    {"blocks.{}.gamma_1", "blocks.{}.ls1.gamma"},
    {"blocks.{}.norm2.*", nullptr},
    {"blocks.{}.mlp.fc1_g.*", "blocks.{}.mlp.w1.*"},
    {"blocks.{}.mlp.fc1_x.*", "blocks.{}.mlp.w2.*"},
    {"blocks.{}.mlp.fc2.*", "blocks.{}.mlp.w3.*"},
    {"blocks.{}.gamma_2", "blocks.{}.ls2.gamma"},
    {"norm.*", nullptr},
};

#define LAYER "encoder.layers.encoder_layer_{}."
constexpr KeyRule kResidualRules[] = {
    {"class_token", nullptr},
    {"conv_proj.*", nullptr},
    {"encoder.pos_embedding", nullptr},
    {LAYER "ln_1.*", nullptr},
    {LAYER "self_attention.in_proj_weight", nullptr},
    {LAYER "self_attention.in_proj_bias", nullptr},
    {LAYER "self_attention.out_proj.*", nullptr},
    {LAYER "ln_2.*", nullptr},
    {LAYER "mlp.0.*", nullptr},
    {LAYER "mlp.3.*", nullptr},
    {LAYER "mlp.linear_1.*", LAYER "mlp.0.*", kOptional},  // torchvision up to 0.11
    {LAYER "mlp.linear_2.*", LAYER "mlp.3.*", kOptional},
    {"encoder.ln.*", nullptr},
    {"heads.0.*", nullptr},
    {"heads.2.*", nullptr},
    {"mask_token", nullptr, kSurplus, kNone, kDropToken},
};
#undef LAYER

constexpr char kLevelAttention[] = "up.{}.attn.{}.", kLevelUpsample[] = "up.{}.upsample.";
constexpr KeyRule kDecoderRules[] = {
    {"conv_in.*", nullptr},
    {"mid.block_1.norm1.*", nullptr},
    {"mid.block_1.conv1.*", nullptr},
    {"mid.block_1.norm2.*", nullptr},
    {"mid.block_1.conv2.*", nullptr},
    {"mid.attn_1.norm.*", nullptr},
    {"mid.attn_1.q.*", nullptr},
    {"mid.attn_1.k.*", nullptr},
    {"mid.attn_1.v.*", nullptr},
    {"mid.attn_1.proj_out.*", nullptr},
    {"mid.block_2.norm1.*", nullptr},
    {"mid.block_2.conv1.*", nullptr},
    {"mid.block_2.norm2.*", nullptr},
    {"mid.block_2.conv2.*", nullptr},
    {"up.{}.block.{}.norm1.*", nullptr},
    {"up.{}.block.{}.conv1.*", nullptr},
    {"up.{}.block.{}.norm2.*", nullptr},
    {"up.{}.block.{}.conv2.*", nullptr},
    {"up.{}.block.{}.nin_shortcut.*", nullptr, kOptional},
    {"up.{}.attn.{}.norm.*", nullptr, kWithGroup, kNone, kLevelAttention},
    {"up.{}.attn.{}.q.*", nullptr, kWithGroup, kNone, kLevelAttention},
    {"up.{}.attn.{}.k.*", nullptr, kWithGroup, kNone, kLevelAttention},
    {"up.{}.attn.{}.v.*", nullptr, kWithGroup, kNone, kLevelAttention},
    {"up.{}.attn.{}.proj_out.*", nullptr, kWithGroup, kNone, kLevelAttention},
    {"up.{}.upsample.conv.*", nullptr, kWithGroup, kNone, kLevelUpsample},
    {"norm_out.*", nullptr},
    {"conv_out.*", nullptr},
};

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

constexpr KeyRule kStatisticsRules[] = {
    {"dinov3_sp_mean", nullptr},
    {"dinov3_sp_std", nullptr},
    {"semantic_mean", nullptr, kOptional},  // the alignment scalars, where they were measured
    {"semantic_std", nullptr, kOptional},
    {"residual_mean", nullptr, kOptional},
    {"residual_std", nullptr, kOptional},
    {"svgstats.*", nullptr, kOptional},  // the sums that partial files are merged by
};

constexpr KeyRule kTrainingRules[] = {
    {"loss.*", nullptr, kSurplus, kNone, kLosses},
    {"norm_vit.*", nullptr, kSurplus, kNone, kNeverCalled},
    {"mask_token", nullptr, kSurplus, kNone, kDropToken},
};

constexpr KeyFamily kMeta = {"DINOv3 encoder in Meta's spelling", "", kMetaRules};
constexpr KeyFamily kHuggingFace = {"DINOv3 encoder in the spelling of HF transformers", "model.",
                                    kHuggingFaceRules};
constexpr KeyFamily kTimm = {"DINOv3 encoder in timm's spelling", "", kTimmRules};
constexpr KeyFamily kResidual = {"residual ViT", "", kResidualRules};
constexpr KeyFamily kDecoder = {"decoder", "", kDecoderRules};
constexpr KeyFamily kDiffusion = {"diffusion transformer", "", kDiffusionRules};
constexpr KeyFamily kStatistics = {"latent statistics", "", kStatisticsRules};
constexpr KeyFamily kTraining = {"training leftovers", "", kTrainingRules};

struct RoleRow {
  Role role;
  const char* prefix;
  std::array<const KeyFamily*, 3> families;
  size_t count;
};

constexpr RoleRow kRoles[] = {
    {Role::kEncoder, "encoder.", {&kMeta, &kHuggingFace, &kTimm}, 3},
    {Role::kResidual, "extra_vit.", {&kResidual}, 1},
    {Role::kDecoder, "decoder.", {&kDecoder}, 1},
    {Role::kDiffusion, "", {&kDiffusion}, 1},
    {Role::kStatistics, "", {&kStatistics}, 1},
};

constexpr FileLayout::Part kAutoencoderParts[] = {
    {"encoder", "encoder.", &kMeta},
    {"residual ViT", "extra_vit.", &kResidual},
    {"decoder", "decoder.", &kDecoder},
    {"training", "", &kTraining},
};
constexpr FileLayout::Part kMetaPart[] = {{"encoder", "", &kMeta}};
constexpr FileLayout::Part kHuggingFacePart[] = {{"encoder", "", &kHuggingFace}};
constexpr FileLayout::Part kTimmPart[] = {{"encoder", "", &kTimm}};
constexpr FileLayout::Part kResidualPart[] = {{"residual ViT", "", &kResidual}};
constexpr FileLayout::Part kDecoderPart[] = {{"decoder", "", &kDecoder}};
constexpr FileLayout::Part kDiffusionPart[] = {{"diffusion transformer", "", &kDiffusion}};
constexpr FileLayout::Part kStatisticsPart[] = {{"statistics", "", &kStatistics}};

constexpr FileLayout kLayouts[] = {
    {"SVG autoencoder checkpoint", kAutoencoderParts},
    {kMeta.title, kMetaPart},
    {kHuggingFace.title, kHuggingFacePart},
    {kTimm.title, kTimmPart},
    {kResidual.title, kResidualPart},
    {kDecoder.title, kDecoderPart},
    {kDiffusion.title, kDiffusionPart},
    {kStatistics.title, kStatisticsPart},
};

const RoleRow& find_row(Role role) {
  for (const RoleRow& row : kRoles)
    if (row.role == role) return row;
  return kRoles[0];
}

}  // namespace

std::span<const KeyFamily* const> role_families(Role role) {
  const RoleRow& row = find_row(role);
  return {row.families.data(), row.count};
}

std::string role_prefix(Role role) {
  return find_row(role).prefix;
}

std::span<const FileLayout> file_layouts() {
  return kLayouts;
}

const FileLayout::Part* find_part(const FileLayout& layout, const std::string& name) {
  const FileLayout::Part* fallback = nullptr;
  for (const FileLayout::Part& part : layout.parts) {
    const std::string prefix = part.prefix;
    if (!name.starts_with(prefix)) continue;
    if (match_key(*part.family, name.substr(prefix.size()))) return &part;
    if (fallback == nullptr && !prefix.empty()) fallback = &part;
  }
  return fallback;
}

}  // namespace svgen::weights
