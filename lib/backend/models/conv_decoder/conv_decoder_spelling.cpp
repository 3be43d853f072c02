// SPDX-License-Identifier: MIT
// The names of the convolutional decoder's tensors.
#include "models/conv_decoder/conv_decoder.h"

namespace svgen::models {
namespace {

using weights::KeyRule;
using enum weights::KeyChange;
using enum weights::KeyNeed;

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

constexpr weights::KeyFamily kFamilies[] = {{"decoder", "", kDecoderRules}};

}  // namespace

constinit const weights::Spelling kConvDecoderSpelling = {.network = "decoder",
                                                          .families = kFamilies};

}  // namespace svgen::models
