// SPDX-License-Identifier: MIT
// The diffusion transformer.
#include "models/dit/dit.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>

#include "nn/sine_cosine.h"
#include "ops/ops.h"
#include "svgen/error.h"
#include "svgen/tensor.h"

namespace svgen::models {
namespace {

constexpr double kEps = 1e-6;
constexpr int64_t kBlockParts = 6, kLastParts = 2;  // of the modulations

int64_t modulation_parts(const DitConfig& config) {
  return kBlockParts * config.depth + kLastParts;
}

nn::AttentionConfig attention_of(const DitConfig& config) {
  return {.width = config.width, .heads = config.heads, .qk_norm = config.qk_norm};
}

void check_inputs(const DitConfig& config, const at::Tensor& x, const at::Tensor& t,
                  const at::Tensor& y) {
  if (x.dim() != 3 || x.size(1) != config.tokens || x.size(2) != config.channels)
    throw ShapeError("the latent does not fit the diffusion transformer",
                     {.expected = "[N, " + std::to_string(config.tokens) + ", " +
                                  std::to_string(config.channels) + "]",
                      .found = shape_text(x.sizes().vec())});
  if (t.dim() != 1 || y.dim() != 1 || t.size(0) != x.size(0) || y.size(0) != x.size(0))
    throw ShapeError("each latent needs one time and one label",
                     {.expected = "[" + std::to_string(x.size(0)) + "] each",
                      .found = shape_text(t.sizes().vec()) + " times and " +
                               shape_text(y.sizes().vec()) + " labels"});
  const bool in_table =
      x.size(0) == 0 || (y.min().item<int64_t>() >= 0 && y.max().item<int64_t>() <= config.classes);
  if (!in_table)
    throw ShapeError("a class label is outside the model's table",
                     {.expected = "0 .. " + std::to_string(config.classes) + " (the null class)",
                      .found = std::to_string(y.min().item<int64_t>()) + " .. " +
                               std::to_string(y.max().item<int64_t>())});
}

}  // namespace

void TimeEmbedder::visit(const nn::StateScope& state) {
  hidden.visit(state.child("mlp.0"));
  output.visit(state.child("mlp.2"));
}

at::Tensor TimeEmbedder::operator()(const at::Tensor& t) const {
  return output(ops::silu(hidden(nn::time_features(t, kFeatures))));  // (N, D)
}

DitBlock::DitBlock(const DitConfig& config)
    : attn(attention_of(config)),
      mlp(config.width, config.mlp, ops::Epilogue::kGeluTanh),
      modulation(config.width, kBlockParts) {}

void DitBlock::visit(const nn::StateScope& state) {
  attn.visit(state.child("attn"));
  mlp.visit(state.child("mlp"));
  modulation.visit(state.child("adaLN_modulation"));
}

NormedTokens DitBlock::operator()(const NormedTokens& h, at::TensorList m) const {
  const at::ScalarType product = attn.qkv_weight.scalar_type();
  const auto [x, normed] =
      ops::gated_sum_and_norm(h.x, m[2], attn(h.normed), m[3], m[4], kEps, product);
  const auto [sum, next] = ops::gated_sum_and_norm(x, m[5], mlp(normed), m[6], m[7], kEps, product);
  return {sum, next};
}

Dit::Dit(const DitConfig& dit_config)
    : config(dit_config),
      ln1(config.channels, config.width),
      t_embedder(config.width),
      blocks(config.depth, DitBlock(config)),
      final_modulation(config.width, kLastParts),
      final_linear(config.width, config.channels * (config.learn_sigma ? 2 : 1)) {}

void Dit::visit(const nn::StateScope& state) {
  state("pos_embed", pos_embed, {1, config.tokens, config.width}, nn::SlotKind::kBuffer);
  ln1.visit(state.child("ln1"));
  t_embedder.visit(state.child("t_embedder"));
  state("y_embedder.embedding_table.weight", label_table, {config.classes + 1, config.width});
  for (size_t i = 0; i < blocks.size(); ++i) blocks[i].visit(state.child("blocks", i));
  const nn::StateScope last = state.child("final_layer.linear");
  // Not packable, since last_layer cuts it by rows.
  last("weight", final_linear.weight, {final_linear.out, final_linear.in});
  last("bias", final_linear.bias, {final_linear.out});
  final_modulation.visit(state.child("final_layer.adaLN_modulation"));
}

at::Tensor Dit::embed_label(const at::Tensor& y) const {
  return at::embedding(label_table, y).to(nn::carried_dtype(label_table));  // (N, D)
}

at::Tensor Dit::condition(const at::Tensor& t, const at::Tensor& y) const {
  return t_embedder(t) + embed_label(y);  // (N, D)
}

at::Tensor Dit::modulations(const at::Tensor& c) const {
  std::vector<at::Tensor> parts;
  for (const DitBlock& block : blocks) parts.push_back(block.modulation(c));  // (N, 6D)
  parts.push_back(final_modulation(c));                                       // (N, 2D)
  return at::cat(parts, 1);
}

at::Tensor Dit::conditioning(const at::Tensor& t, const at::Tensor& y) const {
  return modulations(condition(t, y));
}

at::Tensor Dit::embed(const at::Tensor& x) const {
  return ln1(x) + pos_embed;  // (N, T, D)
}

NormedTokens Dit::tokens(const at::Tensor& x, const at::Tensor& m) const {
  const std::vector<at::Tensor> all = m.chunk(modulation_parts(config), 1);  // of (N, D)
  const at::TensorList parts = all;
  const at::Tensor first = embed(x);  // (N, T, D)
  NormedTokens h{first, ops::modulated_layer_norm(first, parts[0], parts[1], kEps, dtype())};
  for (size_t i = 0; i < blocks.size(); ++i) h = blocks[i](h, parts.slice(kBlockParts * i));
  return h;
}

at::Tensor Dit::last_layer(const at::Tensor& normed, int64_t rows) const {
  return nn::affine(normed, final_linear.weight.narrow(0, 0, rows),
                    final_linear.bias.narrow(0, 0, rows));
}

at::Tensor Dit::velocity(const at::Tensor& x, const at::Tensor& m) const {
  return last_layer(tokens(x, m).normed, config.channels);  // (N, T, C)
}

at::Tensor Dit::forward(const at::Tensor& x, const at::Tensor& t, const at::Tensor& y) const {
  check_inputs(config, x, t, y);
  return velocity(x, t, y);
}

at::Tensor Dit::forward_all(const at::Tensor& x, const at::Tensor& t, const at::Tensor& y) const {
  check_inputs(config, x, t, y);
  return last_layer(tokens(x, conditioning(t, y)).normed, final_linear.out);
}

}  // namespace svgen::models
