// SPDX-License-Identifier: MIT
// The published spellings of DINOv2, MAE and SigLIP 2: the authors' own, timm's and that of the
// transformers library.
#include "models/table_vit/table_vit.h"
#include "weights/key_tables.h"

namespace svgen::models {
namespace {

using weights::joined_rules;
using weights::KeyRule;
using enum weights::KeyChange;
using enum weights::KeyNeed;

constexpr char kPretraining[] = "used in the encoder's pre-training only";
constexpr char kDecoder[] = "the decoder of the pre-training";
constexpr char kText[] = "the text side", kHead[] = "the pooling head, which latents do not use";
constexpr char kScales[] = "blocks.{}.ls1.";

constexpr KeyRule kMetaBlocks[] = {
    {"cls_token", nullptr},
    {"pos_embed", nullptr},
    {"patch_embed.proj.*", nullptr},
    {"blocks.{}.norm1.*", nullptr},
    {"blocks.{}.attn.qkv.*", nullptr},
    {"blocks.{}.attn.proj.*", nullptr},
    {"blocks.{}.norm2.*", nullptr},
    {"blocks.{}.mlp.fc1.*", nullptr},
    {"blocks.{}.mlp.fc2.*", nullptr},
    {"norm.*", nullptr},
    {"mask_token", nullptr, kSurplus, kNone, kPretraining},
};
constexpr KeyRule kScaled[] = {
    {"register_tokens", nullptr, kOptional},
    {"reg_token", "register_tokens", kOptional},
    {"blocks.{}.ls1.gamma", nullptr, kWithGroup, kNone, kScales},
    {"blocks.{}.ls2.gamma", nullptr, kWithGroup, kNone, kScales},
};
constexpr KeyRule kMaeDecoder[] = {
    {"decoder_embed.*", nullptr, kSurplus, kNone, kDecoder},
    {"decoder_pos_embed", nullptr, kSurplus, kNone, kDecoder},
    {"decoder_blocks.*", nullptr, kSurplus, kNone, kDecoder},
    {"decoder_norm.*", nullptr, kSurplus, kNone, kDecoder},
    {"decoder_pred.*", nullptr, kSurplus, kNone, kDecoder},
    {"decoder.*", nullptr, kSurplus, kNone, kDecoder},
};

// What the files of the transformers library share; transformers 5 renames in memory alone.
constexpr KeyRule kHuggingFace[] = {
    {"embeddings.cls_token", "cls_token"},
    {"embeddings.position_embeddings", "pos_embed"},
    {"embeddings.mask_token", "mask_token", kSurplus, kNone, kPretraining},
    {"embeddings.patch_embeddings.projection.*", "patch_embed.proj.*"},
    {"encoder.layer.{}.attention.attention.query.*", "blocks.{}.attn.qkv.*", kRequired,
     kQueryThird},
    {"encoder.layer.{}.attention.attention.key.*", "blocks.{}.attn.qkv.*", kRequired, kKeyThird},
    {"encoder.layer.{}.attention.attention.value.*", "blocks.{}.attn.qkv.*", kRequired,
     kValueThird},
    {"encoder.layer.{}.attention.output.dense.*", "blocks.{}.attn.proj.*"},
    {"layernorm.*", "norm.*"},
};
constexpr KeyRule kDinoV2HuggingFace[] = {
    {"embeddings.register_tokens", "register_tokens", kOptional},
    {"encoder.layer.{}.norm1.*", "blocks.{}.norm1.*"},
    {"encoder.layer.{}.norm2.*", "blocks.{}.norm2.*"},
    {"encoder.layer.{}.mlp.fc1.*", "blocks.{}.mlp.fc1.*"},
    {"encoder.layer.{}.mlp.fc2.*", "blocks.{}.mlp.fc2.*"},
    {"encoder.layer.{}.layer_scale1.lambda1", "blocks.{}.ls1.gamma"},
    {"encoder.layer.{}.layer_scale2.lambda1", "blocks.{}.ls2.gamma"},
};
constexpr KeyRule kMaeHuggingFace[] = {
    {"encoder.layer.{}.layernorm_before.*", "blocks.{}.norm1.*"},
    {"encoder.layer.{}.layernorm_after.*", "blocks.{}.norm2.*"},
    {"encoder.layer.{}.intermediate.dense.*", "blocks.{}.mlp.fc1.*"},
    {"encoder.layer.{}.output.dense.*", "blocks.{}.mlp.fc2.*"},
    {"decoder.*", nullptr, kSurplus, kNone, kDecoder},
};

constexpr KeyRule kSiglip2Rules[] = {
    {"embeddings.patch_embedding.*", "patch_embed.proj.*"},
    {"embeddings.position_embedding.weight", "pos_embed", kRequired, kAddFirstAxis},
    {"encoder.layers.{}.layer_norm1.*", "blocks.{}.norm1.*"},
    {"encoder.layers.{}.self_attn.q_proj.*", "blocks.{}.attn.qkv.*", kRequired, kQueryThird},
    {"encoder.layers.{}.self_attn.k_proj.*", "blocks.{}.attn.qkv.*", kRequired, kKeyThird},
    {"encoder.layers.{}.self_attn.v_proj.*", "blocks.{}.attn.qkv.*", kRequired, kValueThird},
    {"encoder.layers.{}.self_attn.out_proj.*", "blocks.{}.attn.proj.*"},
    {"encoder.layers.{}.layer_norm2.*", "blocks.{}.norm2.*"},
    {"encoder.layers.{}.mlp.fc1.*", "blocks.{}.mlp.fc1.*"},
    {"encoder.layers.{}.mlp.fc2.*", "blocks.{}.mlp.fc2.*"},
    {"post_layernorm.*", "norm.*"},
    {"head.*", nullptr, kSurplus, kNone, kHead},
    {"text_model.*", nullptr, kSurplus, kNone, kText},
    {"logit_scale", nullptr, kSurplus, kNone, kText},
    {"logit_bias", nullptr, kSurplus, kNone, kText},
};

constexpr auto kDinoV2Rules = joined_rules(kMetaBlocks, kScaled);
constexpr auto kDinoV2HfRules = joined_rules(kHuggingFace, kDinoV2HuggingFace);
constexpr auto kMaeRules = joined_rules(kMetaBlocks, kMaeDecoder);
constexpr auto kMaeHfRules = joined_rules(kHuggingFace, kMaeHuggingFace);

constexpr weights::KeyFamily kDinoV2Families[] = {
    {"DINOv2 encoder", "", kDinoV2Rules},
    {"DINOv2 encoder in the spelling of HF transformers", "dinov2.", kDinoV2HfRules},
};
constexpr weights::KeyFamily kMaeFamilies[] = {
    {"MAE encoder", "", kMaeRules},
    {"MAE encoder in the spelling of HF transformers", "vit.", kMaeHfRules},
};
constexpr weights::KeyFamily kSiglip2Families[] = {
    {"SigLIP 2 encoder in the spelling of HF transformers", "vision_model.", kSiglip2Rules},
};

}  // namespace

constinit const weights::Spelling kDinoV2Spelling = {.network = "encoder",
                                                     .families = kDinoV2Families};
constinit const weights::Spelling kMaeSpelling = {.network = "encoder", .families = kMaeFamilies};
constinit const weights::Spelling kSiglip2Spelling = {.network = "encoder",
                                                      .families = kSiglip2Families};

}  // namespace svgen::models
