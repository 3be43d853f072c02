// SPDX-License-Identifier: MIT
// The diffusion transformer.
#include "models/dit/dit.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/zeros_like.h>

#include "nn/latent_patches.h"
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
  return {.width = config.width,
          .heads = config.heads,
          .qk_norm = config.qk_norm,
          .rotates_pairs = config.rotary};
}

int64_t block_modulation_parts(const DitConfig& config) {
  return config.shifts ? kBlockParts : kBlockParts - 2;
}

// 1 + the result is weight (1 + scale): the factor of a norm with a weight, for kernels that add 1.
at::Tensor weighted_scale(const at::Tensor& weight, const at::Tensor& scale) {
  return weight.defined() ? weight.to(scale.scalar_type()) * (1 + scale) - 1 : scale;
}

void check_inputs(const DitConfig& config, const at::Tensor& x, const at::Tensor& t,
                  const at::Tensor& y) {
  if (x.dim() != 3 || x.size(1) != config.cells() || x.size(2) != config.channels)
    throw ShapeError("the latent does not fit the diffusion transformer",
                     {.expected = "[N, " + std::to_string(config.cells()) + ", " +
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
    : norm(config.norm),
      attn(attention_of(config)),
      modulation(config.width, block_modulation_parts(config)) {
  if (config.feed_forward == FeedForward::kGelu)
    mlp.emplace(config.width, config.mlp, ops::Epilogue::kGeluTanh);
  else
    swiglu.emplace(config.width, config.mlp);
}

void DitBlock::visit(const nn::StateScope& state) {
  if (norm == ops::NormKind::kRms) {
    state("norm1.weight", norm1_weight, {attn.config.width});
    state("norm2.weight", norm2_weight, {attn.config.width});
  }
  attn.visit(state.child("attn"));
  if (mlp) mlp->visit(state.child("mlp"));
  if (swiglu) swiglu->visit(state.child("mlp"));
  modulation.visit(state.child("adaLN_modulation"));
}

at::Tensor DitBlock::modulations(const at::Tensor& c) const {
  at::Tensor all = modulation(c);  // (N, 6D), or (N, 4D) without shifts
  const bool has_shifts = all.size(1) == kBlockParts * attn.config.width;
  if (has_shifts && norm == ops::NormKind::kLayer) return all;
  std::vector<at::Tensor> m = all.chunk(all.size(1) / attn.config.width, 1);
  if (!has_shifts) {
    const at::Tensor none = at::zeros_like(m[0]);
    m = {none, m[0], m[1], none, m[2], m[3]};
  }
  m[1] = weighted_scale(norm1_weight, m[1]);
  m[4] = weighted_scale(norm2_weight, m[4]);
  return at::cat(m, 1);
}

NormedTokens DitBlock::operator()(const NormedTokens& h, at::TensorList m,
                                  const nn::RotaryTables* rotary) const {
  const at::ScalarType product = attn.qkv_weight.scalar_type();
  const auto [x, normed] =
      ops::gated_sum_and_norm(h.x, m[2], attn(h.normed, rotary), m[3], m[4], kEps, product, norm);
  const at::Tensor branch = mlp ? (*mlp)(normed) : (*swiglu)(normed);
  const auto [sum, next] =
      ops::gated_sum_and_norm(x, m[5], branch, m[6], m[7], kEps, product, norm);
  return {sum, next};
}

at::Tensor DitBlock::per_token(const at::Tensor& x, const at::Tensor& condition,
                               const nn::RotaryTables& rotary) const {
  // A token is an image of its own for what its modulation touches.
  const auto alone = [](const at::Tensor& tokens) { return tokens.flatten(0, 1).unsqueeze(1); };
  const at::ScalarType product = attn.qkv_weight.scalar_type();
  const std::vector<at::Tensor> m = modulations(condition).chunk(kBlockParts, 1);  // of (N T, D)
  const at::Tensor first = ops::modulated_layer_norm(alone(x), m[0], m[1], kEps, product, norm);
  const auto [sum, normed] = ops::gated_sum_and_norm(
      alone(x), m[2], alone(attn(first.view(x.sizes()), &rotary)), m[3], m[4], kEps, product, norm);
  const at::Tensor tokens = normed.view(x.sizes());
  const at::Tensor branch = mlp ? (*mlp)(tokens) : (*swiglu)(tokens);
  return ops::gated_sum(sum, m[5], alone(branch)).view(x.sizes());
}

Dit::Dit(const DitConfig& dit_config, const Convention& network_convention)
    : config(dit_config),
      convention(network_convention),
      ln1(config.channels * config.patch * config.patch, config.width),
      t_embedder(config.width),
      blocks(config.depth, DitBlock(config)),
      final_modulation(config.width, kLastParts),
      final_linear(config.width,
                   config.patch * config.patch * config.channels * (config.learn_sigma ? 2 : 1)) {
  if (config.rotary)
    rotary = nn::cell_rotary_tables(config.width / config.heads, config.grid.height / config.patch,
                                    config.grid.width / config.patch);
}

void Dit::visit(const nn::StateScope& state) {
  // A spelling without the table cannot know how the file would have stored it: arrange() does.
  const nn::SlotKind table =
      config.grid.cells() > 0 ? nn::SlotKind::kOptional : nn::SlotKind::kBuffer;
  state("pos_embed", pos_embed, {1, config.tokens, config.width}, table);
  ln1.visit(state.child("ln1"));
  t_embedder.visit(state.child("t_embedder"));
  state("y_embedder.embedding_table.weight", label_table, {config.classes + 1, config.width});
  for (size_t i = 0; i < blocks.size(); ++i) blocks[i].visit(state.child("blocks", i));
  const nn::StateScope last = state.child("final_layer.linear");
  // Not packable, since last_layer cuts it by rows.
  last("weight", final_linear.weight, {final_linear.out, final_linear.in});
  last("bias", final_linear.bias, {final_linear.out});
  if (config.norm == ops::NormKind::kRms)
    state("final_layer.norm_final.weight", final_norm_weight, {config.width});
  final_modulation.visit(state.child("final_layer.adaLN_modulation"));
}

void Dit::arrange() {
  if (!pos_embed.defined())
    pos_embed = nn::position_table(config.grid.height / config.patch,
                                   config.grid.width / config.patch, config.width)
                    .to(ln1.weight.scalar_type());
  if (!config.rotary) return;
  for (DitBlock& block : blocks) block.attn.split_pairs();
}

at::Tensor Dit::embed_label(const at::Tensor& y) const {
  return at::embedding(label_table, y).to(nn::carried_dtype(label_table));  // (N, D)
}

at::Tensor Dit::condition(const at::Tensor& t, const at::Tensor& y) const {
  return t_embedder(model_time(convention, t)) + embed_label(y);  // (N, D)
}

at::Tensor Dit::modulations(const at::Tensor& c) const {
  std::vector<at::Tensor> parts;
  for (const DitBlock& block : blocks) parts.push_back(block.modulations(c));  // (N, 6D)
  const at::Tensor last = final_modulation(c);                                 // (N, 2D)
  parts.push_back(last.narrow(1, 0, config.width));
  parts.push_back(weighted_scale(final_norm_weight, last.narrow(1, config.width, config.width)));
  return at::cat(parts, 1);
}

at::Tensor Dit::conditioning(const at::Tensor& t, const at::Tensor& y) const {
  const at::Tensor m = modulations(condition(t, y));
  if (convention.prediction != Prediction::kCleanData) return m;
  return at::cat({m, clean_data_factor(t).to(m.scalar_type()).unsqueeze(1)}, 1);
}

at::Tensor Dit::embed(const at::Tensor& x) const {
  return ln1(nn::to_patches(x, config.grid, config.patch)) + pos_embed;  // (N, T, D)
}

NormedTokens Dit::tokens(const at::Tensor& x, const at::Tensor& m, int64_t depth,
                         at::Tensor* early) const {
  const int64_t count = modulation_parts(config);
  const std::vector<at::Tensor> all =
      m.narrow(1, 0, count * config.width).chunk(count, 1);  // of (N, D)
  const at::TensorList parts = all;
  const at::Tensor first = embed(x);  // (N, T, D)
  NormedTokens h{first,
                 ops::modulated_layer_norm(first, parts[0], parts[1], kEps, dtype(), config.norm)};
  nn::RotaryTables turns;
  if (config.rotary) turns = {rotary.sin.to(x.device()), rotary.cos.to(x.device())};
  for (size_t i = 0; i < blocks.size(); ++i) {
    h = blocks[i](h, parts.slice(kBlockParts * i), config.rotary ? &turns : nullptr);
    if (early != nullptr && static_cast<int64_t>(i) + 1 == depth) *early = h.x;
  }
  return h;
}

at::Tensor Dit::last_layer(const at::Tensor& normed, int64_t channels) const {
  const int64_t squares = config.patch * config.patch;
  // The rows of a cell of the patch are neighbours.
  const auto rows = [&](const at::Tensor& x) {
    return x.unflatten(0, {squares, -1}).narrow(1, 0, channels).flatten(0, 1);
  };
  const at::Tensor y = nn::affine(normed, rows(final_linear.weight), rows(final_linear.bias));
  return nn::from_patches(y, config.grid, config.patch);
}

at::Tensor Dit::velocity_of_tokens(const at::Tensor& x, const at::Tensor& normed,
                                   const at::Tensor& m) const {
  const at::Tensor out = last_layer(normed, config.channels);
  if (convention.prediction != Prediction::kCleanData) return velocity_of(convention, out);
  return (out - x) * m.narrow(1, m.size(1) - 1, 1).unsqueeze(2);
}

at::Tensor Dit::velocity(const at::Tensor& x, const at::Tensor& m) const {
  return velocity_of_tokens(x, tokens(x, m).normed, m);
}

at::Tensor Dit::target(const at::Tensor& data, const at::Tensor& x, const at::Tensor& t,
                       const at::Tensor& velocity) const {
  if (convention.prediction != Prediction::kCleanData) return velocity;
  return (data - x) * clean_data_factor(t).view({-1, 1, 1});
}

TokenStream Dit::token_stream() const {
  const Grid grid = {config.grid.height / config.patch, config.grid.width / config.patch};
  return {config.depth, config.width, grid.cells() > 0 ? grid : Grid{1, config.tokens}};
}

std::pair<at::Tensor, at::Tensor> Dit::velocity_and_tokens(const at::Tensor& x, const at::Tensor& m,
                                                           int64_t depth) const {
  at::Tensor early;
  const NormedTokens last = tokens(x, m, depth, &early);
  return {velocity_of_tokens(x, last.normed, m), early};
}

at::Tensor Dit::prediction(const at::Tensor& x, const at::Tensor& m) const {
  return last_layer(tokens(x, m).normed, config.channels * (config.learn_sigma ? 2 : 1));
}

at::Tensor Dit::forward(const at::Tensor& x, const at::Tensor& t, const at::Tensor& y) const {
  check_inputs(config, x, t, y);
  return velocity(x, t, y);
}

at::Tensor Dit::forward_all(const at::Tensor& x, const at::Tensor& t, const at::Tensor& y) const {
  check_inputs(config, x, t, y);
  return prediction(x, conditioning(t, y));
}

}  // namespace svgen::models
