// SPDX-License-Identifier: MIT
// The semantic encoder.
#include "models/dinov3/dinov3.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>

namespace svgen::models {
namespace {

constexpr double kEps = 1e-5;

nn::AttentionConfig attention_of(const DinoV3Config& config) {
  return {.width = config.width, .heads = config.heads, .masked_bias = true};
}

}  // namespace

DinoV3Block::DinoV3Block(const DinoV3Config& config)
    : norm1(config.width, kEps),
      attn(attention_of(config)),
      ls1(config.width),
      norm2(config.width, kEps),
      ls2(config.width) {
  if (config.gated)
    swiglu.emplace(config.width, config.ffn);
  else
    mlp.emplace(config.width, config.ffn, ops::Epilogue::kGeluErf);
}

void DinoV3Block::visit(const nn::StateScope& state) {
  norm1.visit(state.child("norm1"));
  attn.visit(state.child("attn"));
  ls1.visit(state.child("ls1"));
  norm2.visit(state.child("norm2"));
  if (swiglu) swiglu->visit(state.child("mlp"));
  if (mlp) mlp->visit(state.child("mlp"));
  ls2.visit(state.child("ls2"));
}

at::Tensor DinoV3Block::operator()(at::Tensor x, const nn::RotaryTables& rotary) const {
  const at::ScalarType product = attn.qkv_weight.scalar_type();
  x = ls1.add(x, attn(norm1.before(product, x), &rotary));
  const at::Tensor y = norm2.before(product, x);
  return ls2.add(x, swiglu ? (*swiglu)(y) : (*mlp)(y));
}

DinoV3::DinoV3(const DinoV3Config& dino_config)
    : config(dino_config),
      patch_embed(config.patch, config.width),
      blocks(config.depth, DinoV3Block(config)),
      norm(config.width, kEps) {}

void DinoV3::visit(const nn::StateScope& state) {
  state("cls_token", cls_token, {1, 1, config.width});
  if (config.registers > 0)
    state("storage_tokens", storage_tokens, {1, config.registers, config.width});
  state("mask_token", mask_token, {1, config.width}, nn::SlotKind::kOptional);
  patch_embed.visit(state.child("patch_embed.proj"));
  state("rope_embed.periods", periods, {config.width / config.heads / 4}, nn::SlotKind::kOptional);
  for (size_t i = 0; i < blocks.size(); ++i) blocks[i].visit(state.child("blocks", i));
  norm.visit(state.child("norm"));
}

void DinoV3::prepare() {
  for (DinoV3Block& block : blocks) block.attn.fold_bias_mask();
}

std::vector<at::Tensor> DinoV3::tables(int64_t height, int64_t width) const {
  const nn::RotaryTables tables = rotary(height, width);
  return {tables.sin, tables.cos};
}

at::Tensor DinoV3::features(const at::Tensor& pixels, at::TensorList tables) const {
  return patch_tokens(pixels, {tables[0], tables[1]});  // (N, T, D)
}

at::Tensor DinoV3::embed(const at::Tensor& pixels) const {
  const at::Tensor patches = patch_embed(pixels);  // (N, T, D)
  std::vector<at::Tensor> tokens;
  for (const at::Tensor& prefix : {cls_token, storage_tokens})
    if (prefix.defined())
      tokens.push_back(
          prefix.to(patches.scalar_type()).expand({patches.size(0), prefix.size(1), -1}));
  tokens.push_back(patches);
  return at::cat(tokens, 1);  // (N, 1 + R + T, D)
}

nn::RotaryTables DinoV3::rotary(int64_t height, int64_t width) const {
  const at::Tensor used = periods.defined()
                              ? periods
                              : nn::rotary_periods(config.width / config.heads, config.rope_base)
                                    .to(cls_token.device());
  return nn::rotary_tables(used, height / config.patch, width / config.patch);
}

at::Tensor DinoV3::forward(const at::Tensor& pixels) const {
  return forward(pixels, rotary(pixels.size(2), pixels.size(3)));
}

at::Tensor DinoV3::forward(const at::Tensor& pixels, const nn::RotaryTables& tables) const {
  at::Tensor x = embed(pixels);  // (N, 1 + R + T, D)
  for (const DinoV3Block& block : blocks) x = block(x, tables);
  return norm(x);  // (N, 1 + R + T, D)
}

at::Tensor DinoV3::patch_tokens(const at::Tensor& pixels) const {
  return patch_tokens(pixels, rotary(pixels.size(2), pixels.size(3)));
}

at::Tensor DinoV3::patch_tokens(const at::Tensor& pixels, const nn::RotaryTables& tables) const {
  const at::Tensor tokens = forward(pixels, tables);
  const int64_t prefix = 1 + config.registers;
  return tokens.narrow(1, prefix, tokens.size(1) - prefix);  // (N, T, D)
}

}  // namespace svgen::models
