// SPDX-License-Identifier: MIT
// The names of an autoencoder's tensors: CompVis's, which the modules use, and the two of
// diffusers. Each half knows what the other keeps in the same file.
#include "models/kl_autoencoder/kl_autoencoder.h"
#include "weights/key_tables.h"

namespace svgen::models {
namespace {

using weights::joined_rules;
using weights::KeyRule;
using enum weights::KeyChange;
using enum weights::KeyNeed;

constexpr char kOtherHalf[] = "the other half of the autoencoder";
constexpr char kTraining[] = "used in the autoencoder's training only";
constexpr char kLevelAttention[] = "decoder.up.{}.attn.{}.",
               kDownAttention[] = "encoder.down.{}.attn.{}.";
constexpr char kUpsample[] = "decoder.up.{}.upsample.",
               kDownsample[] = "encoder.down.{}.downsample.";

constexpr KeyRule kLeftovers[] = {
    {"loss.*", nullptr, kSurplus, kNone, kTraining},
    {"model_ema.*", nullptr, kSurplus, kNone, kTraining},
    {"foundation_model.*", nullptr, kSurplus, kNone, kTraining},
    {"linear_proj.*", nullptr, kSurplus, kNone, kTraining},
};
constexpr KeyRule kNoEncoder[] = {
    {"encoder.*", nullptr, kSurplus, kNone, kOtherHalf},
    {"quant_conv.*", nullptr, kSurplus, kNone, kOtherHalf},
};
constexpr KeyRule kNoDecoder[] = {
    {"decoder.*", nullptr, kSurplus, kNone, kOtherHalf},
    {"post_quant_conv.*", nullptr, kSurplus, kNone, kOtherHalf},
};

constexpr KeyRule kCompVisEncoder[] = {
    {"encoder.conv_in.*", nullptr},
    {"encoder.mid.block_1.norm1.*", nullptr},
    {"encoder.mid.block_1.conv1.*", nullptr},
    {"encoder.mid.block_1.norm2.*", nullptr},
    {"encoder.mid.block_1.conv2.*", nullptr},
    {"encoder.mid.block_2.norm1.*", nullptr},
    {"encoder.mid.block_2.conv1.*", nullptr},
    {"encoder.mid.block_2.norm2.*", nullptr},
    {"encoder.mid.block_2.conv2.*", nullptr},
    {"encoder.mid.attn_1.norm.*", nullptr},
    {"encoder.mid.attn_1.q.*", nullptr},
    {"encoder.mid.attn_1.k.*", nullptr},
    {"encoder.mid.attn_1.v.*", nullptr},
    {"encoder.mid.attn_1.proj_out.*", nullptr},
    {"encoder.down.{}.block.{}.norm1.*", nullptr},
    {"encoder.down.{}.block.{}.conv1.*", nullptr},
    {"encoder.down.{}.block.{}.norm2.*", nullptr},
    {"encoder.down.{}.block.{}.conv2.*", nullptr},
    {"encoder.down.{}.block.{}.nin_shortcut.*", nullptr, kOptional},
    {"encoder.down.{}.attn.{}.norm.*", nullptr, kWithGroup, kNone, kDownAttention},
    {"encoder.down.{}.attn.{}.q.*", nullptr, kWithGroup, kNone, kDownAttention},
    {"encoder.down.{}.attn.{}.k.*", nullptr, kWithGroup, kNone, kDownAttention},
    {"encoder.down.{}.attn.{}.v.*", nullptr, kWithGroup, kNone, kDownAttention},
    {"encoder.down.{}.attn.{}.proj_out.*", nullptr, kWithGroup, kNone, kDownAttention},
    {"encoder.down.{}.downsample.conv.*", nullptr, kWithGroup, kNone, kDownsample},
    {"encoder.norm_out.*", nullptr},
    {"encoder.conv_out.*", nullptr},
    {"quant_conv.*", nullptr},
};
constexpr KeyRule kDiffusersEncoder[] = {
    {"encoder.conv_in.*", nullptr},
    {"encoder.mid_block.resnets.0.norm1.*", "encoder.mid.block_1.norm1.*"},
    {"encoder.mid_block.resnets.0.conv1.*", "encoder.mid.block_1.conv1.*"},
    {"encoder.mid_block.resnets.0.norm2.*", "encoder.mid.block_1.norm2.*"},
    {"encoder.mid_block.resnets.0.conv2.*", "encoder.mid.block_1.conv2.*"},
    {"encoder.mid_block.resnets.1.norm1.*", "encoder.mid.block_2.norm1.*"},
    {"encoder.mid_block.resnets.1.conv1.*", "encoder.mid.block_2.conv1.*"},
    {"encoder.mid_block.resnets.1.norm2.*", "encoder.mid.block_2.norm2.*"},
    {"encoder.mid_block.resnets.1.conv2.*", "encoder.mid.block_2.conv2.*"},
    {"encoder.mid_block.attentions.0.group_norm.*", "encoder.mid.attn_1.norm.*"},
    {"encoder.down_blocks.{}.resnets.{}.norm1.*", "encoder.down.{}.block.{}.norm1.*"},
    {"encoder.down_blocks.{}.resnets.{}.conv1.*", "encoder.down.{}.block.{}.conv1.*"},
    {"encoder.down_blocks.{}.resnets.{}.norm2.*", "encoder.down.{}.block.{}.norm2.*"},
    {"encoder.down_blocks.{}.resnets.{}.conv2.*", "encoder.down.{}.block.{}.conv2.*"},
    {"encoder.down_blocks.{}.resnets.{}.conv_shortcut.*", "encoder.down.{}.block.{}.nin_shortcut.*",
     kOptional},
    {"encoder.down_blocks.{}.downsamplers.0.conv.*", "encoder.down.{}.downsample.conv.*",
     kWithGroup, kNone, kDownsample},
    {"encoder.conv_norm_out.*", "encoder.norm_out.*"},
    {"encoder.conv_out.*", nullptr},
    {"quant_conv.*", nullptr},
};
constexpr KeyRule kAttentionEncoder[] = {
    {"encoder.mid_block.attentions.0.to_q.*", "encoder.mid.attn_1.q.*", kRequired, kToConvolution},
    {"encoder.mid_block.attentions.0.to_k.*", "encoder.mid.attn_1.k.*", kRequired, kToConvolution},
    {"encoder.mid_block.attentions.0.to_v.*", "encoder.mid.attn_1.v.*", kRequired, kToConvolution},
    {"encoder.mid_block.attentions.0.to_out.0.*", "encoder.mid.attn_1.proj_out.*", kRequired,
     kToConvolution},
};
constexpr KeyRule kOldAttentionEncoder[] = {
    {"encoder.mid_block.attentions.0.query.*", "encoder.mid.attn_1.q.*", kRequired, kToConvolution},
    {"encoder.mid_block.attentions.0.key.*", "encoder.mid.attn_1.k.*", kRequired, kToConvolution},
    {"encoder.mid_block.attentions.0.value.*", "encoder.mid.attn_1.v.*", kRequired, kToConvolution},
    {"encoder.mid_block.attentions.0.proj_attn.*", "encoder.mid.attn_1.proj_out.*", kRequired,
     kToConvolution},
};

constexpr KeyRule kCompVisDecoder[] = {
    {"decoder.conv_in.*", nullptr},
    {"decoder.mid.block_1.norm1.*", nullptr},
    {"decoder.mid.block_1.conv1.*", nullptr},
    {"decoder.mid.block_1.norm2.*", nullptr},
    {"decoder.mid.block_1.conv2.*", nullptr},
    {"decoder.mid.block_2.norm1.*", nullptr},
    {"decoder.mid.block_2.conv1.*", nullptr},
    {"decoder.mid.block_2.norm2.*", nullptr},
    {"decoder.mid.block_2.conv2.*", nullptr},
    {"decoder.mid.attn_1.norm.*", nullptr},
    {"decoder.mid.attn_1.q.*", nullptr},
    {"decoder.mid.attn_1.k.*", nullptr},
    {"decoder.mid.attn_1.v.*", nullptr},
    {"decoder.mid.attn_1.proj_out.*", nullptr},
    {"decoder.up.{}.block.{}.norm1.*", nullptr},
    {"decoder.up.{}.block.{}.conv1.*", nullptr},
    {"decoder.up.{}.block.{}.norm2.*", nullptr},
    {"decoder.up.{}.block.{}.conv2.*", nullptr},
    {"decoder.up.{}.block.{}.nin_shortcut.*", nullptr, kOptional},
    {"decoder.up.{}.attn.{}.norm.*", nullptr, kWithGroup, kNone, kLevelAttention},
    {"decoder.up.{}.attn.{}.q.*", nullptr, kWithGroup, kNone, kLevelAttention},
    {"decoder.up.{}.attn.{}.k.*", nullptr, kWithGroup, kNone, kLevelAttention},
    {"decoder.up.{}.attn.{}.v.*", nullptr, kWithGroup, kNone, kLevelAttention},
    {"decoder.up.{}.attn.{}.proj_out.*", nullptr, kWithGroup, kNone, kLevelAttention},
    {"decoder.up.{}.upsample.conv.*", nullptr, kWithGroup, kNone, kUpsample},
    {"decoder.norm_out.*", nullptr},
    {"decoder.conv_out.*", nullptr},
    {"post_quant_conv.*", nullptr},
};
constexpr KeyRule kDiffusersDecoder[] = {
    {"decoder.conv_in.*", nullptr},
    {"decoder.mid_block.resnets.0.norm1.*", "decoder.mid.block_1.norm1.*"},
    {"decoder.mid_block.resnets.0.conv1.*", "decoder.mid.block_1.conv1.*"},
    {"decoder.mid_block.resnets.0.norm2.*", "decoder.mid.block_1.norm2.*"},
    {"decoder.mid_block.resnets.0.conv2.*", "decoder.mid.block_1.conv2.*"},
    {"decoder.mid_block.resnets.1.norm1.*", "decoder.mid.block_2.norm1.*"},
    {"decoder.mid_block.resnets.1.conv1.*", "decoder.mid.block_2.conv1.*"},
    {"decoder.mid_block.resnets.1.norm2.*", "decoder.mid.block_2.norm2.*"},
    {"decoder.mid_block.resnets.1.conv2.*", "decoder.mid.block_2.conv2.*"},
    {"decoder.mid_block.attentions.0.group_norm.*", "decoder.mid.attn_1.norm.*"},
    {"decoder.up_blocks.{}.resnets.{}.norm1.*", "decoder.up.{}.block.{}.norm1.*"},
    {"decoder.up_blocks.{}.resnets.{}.conv1.*", "decoder.up.{}.block.{}.conv1.*"},
    {"decoder.up_blocks.{}.resnets.{}.norm2.*", "decoder.up.{}.block.{}.norm2.*"},
    {"decoder.up_blocks.{}.resnets.{}.conv2.*", "decoder.up.{}.block.{}.conv2.*"},
    {"decoder.up_blocks.{}.resnets.{}.conv_shortcut.*", "decoder.up.{}.block.{}.nin_shortcut.*",
     kOptional},
    {"decoder.up_blocks.{}.upsamplers.0.conv.*", "decoder.up.{}.upsample.conv.*", kWithGroup, kNone,
     kUpsample},
    {"decoder.conv_norm_out.*", "decoder.norm_out.*"},
    {"decoder.conv_out.*", nullptr},
    {"post_quant_conv.*", nullptr},
};
constexpr KeyRule kAttentionDecoder[] = {
    {"decoder.mid_block.attentions.0.to_q.*", "decoder.mid.attn_1.q.*", kRequired, kToConvolution},
    {"decoder.mid_block.attentions.0.to_k.*", "decoder.mid.attn_1.k.*", kRequired, kToConvolution},
    {"decoder.mid_block.attentions.0.to_v.*", "decoder.mid.attn_1.v.*", kRequired, kToConvolution},
    {"decoder.mid_block.attentions.0.to_out.0.*", "decoder.mid.attn_1.proj_out.*", kRequired,
     kToConvolution},
};
constexpr KeyRule kOldAttentionDecoder[] = {
    {"decoder.mid_block.attentions.0.query.*", "decoder.mid.attn_1.q.*", kRequired, kToConvolution},
    {"decoder.mid_block.attentions.0.key.*", "decoder.mid.attn_1.k.*", kRequired, kToConvolution},
    {"decoder.mid_block.attentions.0.value.*", "decoder.mid.attn_1.v.*", kRequired, kToConvolution},
    {"decoder.mid_block.attentions.0.proj_attn.*", "decoder.mid.attn_1.proj_out.*", kRequired,
     kToConvolution},
};

constexpr auto kCompVisEncoderRules = joined_rules(kCompVisEncoder, kNoDecoder, kLeftovers);
constexpr auto kDiffusersEncoderRules =
    joined_rules(kDiffusersEncoder, kAttentionEncoder, kNoDecoder);
constexpr auto kOldDiffusersEncoderRules =
    joined_rules(kDiffusersEncoder, kOldAttentionEncoder, kNoDecoder);

constexpr auto kCompVisDecoderRules = joined_rules(kCompVisDecoder, kNoEncoder, kLeftovers);
constexpr auto kDiffusersDecoderRules =
    joined_rules(kDiffusersDecoder, kAttentionDecoder, kNoEncoder);
constexpr auto kOldDiffusersDecoderRules =
    joined_rules(kDiffusersDecoder, kOldAttentionDecoder, kNoEncoder);

// diffusers counts the decoder's levels from the other end.
constexpr weights::Renumbering kCoarsestFirst = {"decoder.up_blocks.", "decoder.up_blocks.",
                                                 weights::Numbering::kBackwards};

constexpr weights::KeyFamily kEncoderFamilies[] = {
    {"KL autoencoder", "", kCompVisEncoderRules},
    {"KL autoencoder (diffusers)", "", kDiffusersEncoderRules},
    {"KL autoencoder (diffusers, older)", "", kOldDiffusersEncoderRules},
};
constexpr weights::KeyFamily kDecoderFamilies[] = {
    {"KL autoencoder", "", kCompVisDecoderRules},
    {"KL autoencoder (diffusers)", "", kDiffusersDecoderRules, kCoarsestFirst},
    {"KL autoencoder (diffusers, older)", "", kOldDiffusersDecoderRules, kCoarsestFirst},
};

// Of a whole Stable Diffusion checkpoint.
constexpr std::string_view kPrefixes[] = {"first_stage_model."};

}  // namespace

constinit const weights::Spelling kKlEncoderSpelling = {
    .network = "encoder", .families = kEncoderFamilies, .prefixes = kPrefixes};
constinit const weights::Spelling kKlDecoderSpelling = {
    .network = "decoder", .families = kDecoderFamilies, .prefixes = kPrefixes};

}  // namespace svgen::models
