// SPDX-License-Identifier: MIT
// The transformer of RiT.
#include "models/rit/rit.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/clamp_min.h>
#include <ATen/ops/embedding.h>

#include "ops/ops.h"

namespace svgen::models {
namespace {

constexpr double kEps = 1e-6;
constexpr int64_t kBlockParts = 6, kLastParts = 2;

DitConfig block_config(const RitConfig& config) {
  return {.width = config.width,
          .depth = config.depth,
          .heads = config.heads,
          .mlp = config.mlp,
          .qk_norm = nn::QkNorm::kRms,
          .norm = ops::NormKind::kRms,
          .feed_forward = FeedForward::kSwiGlu,
          .rotary = true};
}

}  // namespace

Rit::Rit(const RitConfig& rit_config, const Convention& network_convention)
    : config(rit_config),
      convention(network_convention),
      x_embedder(config.channels, config.width),
      cls_projectors(config.channels, config.width),
      t_embedder(config.width),
      blocks(config.depth, DitBlock(block_config(config))),
      final_modulation(config.width, kLastParts),
      final_linear(config.width, config.channels),
      final_linear_cls(config.width, config.channels),
      rotary(nn::cell_rotary_tables(config.width / config.heads, config.grid.height,
                                    config.grid.width)) {}

void Rit::visit(const nn::StateScope& state) {
  state("pos_embed", pos_embed, {1, 1 + config.grid.cells(), config.width}, nn::SlotKind::kBuffer);
  state("in_context_posemb", in_context_posemb, {1, config.context, config.width});
  t_embedder.visit(state.child("t_embedder"));
  state("y_embedder.embedding_table.weight", label_table, {config.classes + 1, config.width});
  x_embedder.visit(state.child("x_embedder"));
  cls_projectors.visit(state.child("cls_projectors"));
  for (size_t i = 0; i < blocks.size(); ++i) blocks[i].visit(state.child("blocks", i));
  state("final_layer.norm_final.weight", final_norm_weight, {config.width});
  final_linear.visit(state.child("final_layer.linear"));
  final_linear_cls.visit(state.child("final_layer.linear_cls"));
  final_modulation.visit(state.child("final_layer.adaLN_modulation"));
}

void Rit::arrange() {
  for (DitBlock& block : blocks) block.attn.split_pairs();
}

at::Tensor Rit::start(const at::Tensor& noise) const {
  return at::cat({noise.mean(1, /*keepdim=*/true), noise}, 1);  // (N, 1 + T, C)
}

at::Tensor Rit::latent(const at::Tensor& state) const {
  return state.narrow(1, 1, config.grid.cells());
}

at::Tensor Rit::conditioning(const at::Tensor& t, const at::Tensor& y) const {
  const at::Tensor time = t_embedder(model_time(convention, t));  // (N, D)
  const at::Tensor label = at::embedding(label_table, y).to(time.scalar_type());
  const at::Tensor c = time + label;
  std::vector<at::Tensor> parts = {label, clean_data_factor(t).to(time.scalar_type()).unsqueeze(1)};
  for (const DitBlock& block : blocks) parts.push_back(block.modulations(c));
  const at::Tensor last = final_modulation(c);  // (N, 2D)
  parts.push_back(last.narrow(1, 0, config.width));
  const at::Tensor weight = final_norm_weight.to(last.scalar_type());
  parts.push_back(weight * (1 + last.narrow(1, config.width, config.width)) - 1);
  return at::cat(parts, 1);
}

at::Tensor Rit::prediction(const at::Tensor& x, const at::Tensor& conditioning) const {
  const int64_t parts = kBlockParts * config.depth + kLastParts, n = x.size(0);
  const at::Tensor label = conditioning.narrow(1, 0, config.width);  // (N, D)
  const std::vector<at::Tensor> m =
      conditioning.narrow(1, config.width + 1, parts * config.width).chunk(parts, 1);
  const nn::RotaryTables turns = {rotary.sin.to(x.device()), rotary.cos.to(x.device())};
  const int64_t cells = config.grid.cells();
  const at::Tensor first =
      at::cat({cls_projectors(x.narrow(1, 0, 1)), x_embedder(x.narrow(1, 1, cells))}, 1) +
      pos_embed;
  const auto norm_before = [&](const at::Tensor& tokens, int64_t block) {
    return ops::modulated_layer_norm(tokens, m[kBlockParts * block], m[kBlockParts * block + 1],
                                     kEps, dtype(), ops::NormKind::kRms);
  };
  NormedTokens h{first, norm_before(first, 0)};
  int64_t context = 0;
  for (int64_t i = 0; i < config.depth; ++i) {
    if (i == config.context_start) {
      // The label at each place of the context, in front of all others.
      const at::Tensor tokens =
          (label.unsqueeze(1) + in_context_posemb).to(h.x.scalar_type()).expand({n, -1, -1});
      const at::Tensor with_context = at::cat({tokens, h.x}, 1);
      h = {with_context, norm_before(with_context, i)};
      context = config.context;
    }
    h = blocks[static_cast<size_t>(i)](h, at::TensorList(m).slice(kBlockParts * i), &turns);
  }
  const at::Tensor normed = h.normed.narrow(1, context, 1 + cells);
  return at::cat(
      {final_linear_cls(normed.narrow(1, 0, 1)), final_linear(normed.narrow(1, 1, cells))},
      1);  // (N, 1 + T, C)
}

at::Tensor Rit::velocity(const at::Tensor& x, const at::Tensor& conditioning) const {
  // (clean - x) / max(1 - t, 0.05).
  const at::Tensor factor = conditioning.narrow(1, config.width, 1).unsqueeze(2);
  return (prediction(x, conditioning) - x) * factor;
}

}  // namespace svgen::models
