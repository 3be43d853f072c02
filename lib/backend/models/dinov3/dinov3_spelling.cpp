// SPDX-License-Identifier: MIT
// The three spellings in which DINOv3 is published.
#include "models/dinov3/dinov3.h"

namespace svgen::models {
namespace {

using weights::KeyRule;
using enum weights::KeyChange;
using enum weights::KeyNeed;

constexpr char kPretraining[] = "used in the encoder's pre-training only";

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

constexpr weights::KeyFamily kFamilies[] = {
    {"DINOv3 encoder in Meta's spelling", "", kMetaRules},
    {"DINOv3 encoder in the spelling of HF transformers", "model.", kHuggingFaceRules},
    {"DINOv3 encoder in timm's spelling", "", kTimmRules},
};

}  // namespace

constinit const weights::Spelling kDinoV3Spelling = {
    .network = "encoder", .families = kFamilies, .masked_bias = ".attn.qkv.bias"};

}  // namespace svgen::models
