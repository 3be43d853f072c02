// SPDX-License-Identifier: MIT
// The names of the residual ViT's tensors: those of torchvision's ViT.
#include "models/residual_vit/residual_vit.h"

namespace svgen::models {
namespace {

using weights::KeyRule;
using enum weights::KeyChange;
using enum weights::KeyNeed;

constexpr char kDropToken[] = "stands for dropped residual features, in training only";

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

constexpr weights::KeyFamily kFamilies[] = {{"residual ViT", "", kResidualRules}};

}  // namespace

constinit const weights::Spelling kResidualVitSpelling = {.network = "residual ViT",
                                                          .families = kFamilies};

}  // namespace svgen::models
