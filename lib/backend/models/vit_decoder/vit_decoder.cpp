// SPDX-License-Identifier: MIT
// The ViT decoder of RAE.
#include "models/vit_decoder/vit_decoder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include <cmath>
#include <string>

#include "models/sizes.h"
#include "nn/latent_patches.h"
#include "ops/ops.h"
#include "svgen/error.h"
#include "weights/key_tables.h"

namespace svgen::models {
namespace {

constexpr double kEps = 1e-12;

constexpr Preset<VitDecoderConfig> kPresets[] = {{"vit-xl", {}}};
constexpr VitDecoderConfig kNothing = {.width = 0, .depth = 0, .heads = 0, .mlp = 0};

at::Tensor plus_branch(const at::Tensor& x, const at::Tensor& branch) {
  return ops::runs_in_kernels(x) ? ops::gated_sum(x, {}, branch) : x + branch;
}

VitDecoderConfig from_file(const Card& card, const weights::StateSource& source,
                           int64_t latent_channels) {
  const DecoderConfig& given = *card.decoder;
  const VitDecoderConfig& preset = kVitDecoder.preset_or(kNothing, given.preset);
  SizeCheck check("decoder", source);
  VitDecoderConfig config;
  config.latent_channels = file_size(source, "decoder_embed.weight", 2, 1);
  if (latent_channels != 0 && latent_channels != config.latent_channels)
    check.reject("latent channels", std::to_string(config.latent_channels),
                 std::to_string(latent_channels));
  config.width = check.settle("width", given_or(given.width, preset.width),
                              file_size(source, "decoder_embed.weight", 2, 0));
  config.depth = check.settle("depth", given_or(given.depth, preset.depth),
                              file_count(source, "decoder_layers."));
  config.mlp = check.settle("mlp", given_or(given.mlp, preset.mlp),
                            file_size(source, "decoder_layers.0.mlp.fc1.weight", 2, 0));
  config.heads = given_or(given.heads, preset.heads);
  check.require_heads("heads", config.heads, config.width);
  const int64_t numbers = file_size(source, "decoder_pred.weight", 2, 0);
  config.patch = std::llround(std::sqrt(static_cast<double>(numbers) / 3));
  if (3 * config.patch * config.patch != numbers || config.patch != card.patch)
    check.reject("cell", std::to_string(config.patch), std::to_string(card.patch));
  config.grid = card.grid;
  check.require_cells(card.grid.cells(), file_size(source, "decoder_pos_embed", 3, 1) - 1);
  if (given.pixel_scale == "signed") config.scale = kSignedScale;
  check.finish();
  return config;
}

VitDecoderConfig from_card(const Card&, int64_t, MissingKeys& missing) {
  missing.require("decoder.file (there is no training of this decoder)", 0);
  return {};
}

using weights::KeyRule;
using enum weights::KeyChange;
using enum weights::KeyNeed;

constexpr KeyRule kRules[] = {
    {"decoder_embed.*", nullptr},
    {"trainable_cls_token", nullptr},
    {"decoder_pos_embed", nullptr},
    {"decoder_layers.{}.layernorm_before.*", "decoder_layers.{}.norm1.*"},
    {"decoder_layers.{}.attention.attention.query.*", "decoder_layers.{}.attn.qkv.*", kRequired,
     kQueryThird},
    {"decoder_layers.{}.attention.attention.key.*", "decoder_layers.{}.attn.qkv.*", kRequired,
     kKeyThird},
    {"decoder_layers.{}.attention.attention.value.*", "decoder_layers.{}.attn.qkv.*", kRequired,
     kValueThird},
    {"decoder_layers.{}.attention.output.dense.*", "decoder_layers.{}.attn.proj.*"},
    {"decoder_layers.{}.layernorm_after.*", "decoder_layers.{}.norm2.*"},
    {"decoder_layers.{}.intermediate.dense.*", "decoder_layers.{}.mlp.fc1.*"},
    {"decoder_layers.{}.output.dense.*", "decoder_layers.{}.mlp.fc2.*"},
    {"decoder_norm.*", nullptr},
    {"decoder_pred.*", nullptr},
};
constexpr weights::KeyFamily kFamilies[] = {{"RAE's ViT decoder", "", kRules}};

}  // namespace

constinit const weights::Spelling kVitDecoderSpelling = {.network = "decoder",
                                                         .families = kFamilies};
constinit const Component<VitDecoderConfig> kVitDecoder = {.part = ModelPart::kDecoder,
                                                           .presets = kPresets,
                                                           .spelling = &kVitDecoderSpelling,
                                                           .from_file = from_file,
                                                           .from_card = from_card};

VitDecoderBlock::VitDecoderBlock(const VitDecoderConfig& config)
    : norm1(config.width, kEps),
      attn({.width = config.width, .heads = config.heads}),
      norm2(config.width, kEps),
      mlp(config.width, config.mlp, ops::Epilogue::kGeluErf) {}

void VitDecoderBlock::visit(const nn::StateScope& state) {
  norm1.visit(state.child("norm1"));
  attn.visit(state.child("attn"));
  norm2.visit(state.child("norm2"));
  mlp.visit(state.child("mlp"));
}

at::Tensor VitDecoderBlock::operator()(at::Tensor x) const {
  const at::ScalarType product = attn.qkv_weight.scalar_type();
  x = plus_branch(x, attn(norm1.before(product, x)));
  return plus_branch(x, mlp(norm2.before(product, x)));
}

VitDecoder::VitDecoder(const VitDecoderConfig& decoder_config)
    : config(decoder_config),
      decoder_embed(config.latent_channels, config.width),
      layers(config.depth, VitDecoderBlock(config)),
      norm(config.width, kEps),
      decoder_pred(config.width, config.patch * config.patch * 3) {}

void VitDecoder::visit(const nn::StateScope& state) {
  decoder_embed.visit(state.child("decoder_embed"));
  state("trainable_cls_token", class_token, {1, 1, config.width});
  state("decoder_pos_embed", pos_embed, {1, 1 + config.grid.cells(), config.width},
        nn::SlotKind::kBuffer);
  for (size_t i = 0; i < layers.size(); ++i) layers[i].visit(state.child("decoder_layers", i));
  norm.visit(state.child("decoder_norm"));
  decoder_pred.visit(state.child("decoder_pred"));
}

at::Tensor VitDecoder::patches(const at::Tensor& latents) const {
  const at::Tensor cells = decoder_embed(latents);  // (N, T, D)
  const at::Tensor first = class_token.to(cells.scalar_type()).expand({cells.size(0), 1, -1});
  at::Tensor x = at::cat({first, cells}, 1) + pos_embed;  // (N, 1 + T, D)
  for (const VitDecoderBlock& layer : layers) x = layer(x);
  return decoder_pred(norm(x).narrow(1, 1, latents.size(1)));  // (N, T, p p 3)
}

at::Tensor VitDecoder::pixels(const at::Tensor& latents) const {
  const Grid grid{latents.size(2), latents.size(3)};
  if (!(grid == config.grid))
    throw ShapeError("the decoder was made for latents of one size",
                     {.expected = std::to_string(config.grid.height) + " x " +
                                  std::to_string(config.grid.width) + " cells",
                      .found = std::to_string(grid.height) + " x " + std::to_string(grid.width)});
  const Grid picture{grid.height * config.patch, grid.width * config.patch};
  const at::Tensor out = patches(latents.flatten(2).transpose(1, 2));
  const at::Tensor x = nn::from_patches(out, picture, config.patch)  // (N, H W, 3)
                           .transpose(1, 2)
                           .reshape({out.size(0), 3, picture.height, picture.width})
                           .to(at::kFloat);
  const auto row = [&](const std::array<float, 3>& values) {
    return at::tensor({values[0], values[1], values[2]}).to(x.device()).view({1, 3, 1, 1});
  };
  // The encoder's scale is of [0, 1]; a decoder's pixels are of [-1, 1].
  return (x * row(config.scale.std) + row(config.scale.mean)) * 2 - 1;
}

}  // namespace svgen::models
