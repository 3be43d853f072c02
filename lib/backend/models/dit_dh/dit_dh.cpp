// SPDX-License-Identifier: MIT
// The two transformers of DiT-DH.
#include "models/dit_dh/dit_dh.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/zeros.h>

#include <numbers>

#include "ops/ops.h"

namespace svgen::models {
namespace {

constexpr double kEps = 1e-6;
constexpr int64_t kBlockParts = 6, kLastParts = 2, kFrequencies = 256;

DitConfig block_config(const DitDhPart& part) {
  return {.width = part.width,
          .depth = part.depth,
          .heads = part.heads,
          .mlp = part.mlp,
          .qk_norm = nn::QkNorm::kNone,
          .norm = ops::NormKind::kRms,
          .feed_forward = FeedForward::kSwiGlu,
          .rotary = true};
}

nn::RotaryTables rotary_of(const DitDhPart& part, const Grid& grid) {
  return nn::cell_rotary_tables(part.width / part.heads, grid.height, grid.width);
}

nn::RotaryTables on_device(const nn::RotaryTables& tables, at::Device device) {
  return {tables.sin.to(device), tables.cos.to(device)};
}

// (N, T, D) as N T images of one token each, whose modulations are their own.
at::Tensor as_images(const at::Tensor& x) {
  return x.flatten(0, 1).unsqueeze(1);
}

}  // namespace

DitDh::DitDh(const DitDhConfig& dit_config, const Convention& network_convention)
    : config(dit_config),
      convention(network_convention),
      s_embedder(config.channels, config.body.width),
      x_embedder(config.channels, config.head.width),
      s_projector(config.body.width, config.head.width),
      time_hidden(2 * kFrequencies, config.body.width),
      time_output(config.body.width, config.body.width),
      blocks(config.body.depth, DitBlock(block_config(config.body))),
      final_modulation(config.head.width, kLastParts),
      final_linear(config.head.width, config.channels),
      body_rotary(rotary_of(config.body, config.grid)),
      head_rotary(rotary_of(config.head, config.grid)) {
  blocks.insert(blocks.end(), static_cast<size_t>(config.head.depth),
                DitBlock(block_config(config.head)));
}

void DitDh::visit(const nn::StateScope& state) {
  state("pos_embed", pos_embed, {1, config.grid.cells(), config.body.width}, nn::SlotKind::kBuffer);
  s_embedder.visit(state.child("s_embedder"));
  x_embedder.visit(state.child("x_embedder"));
  if (config.body.width != config.head.width) s_projector.visit(state.child("s_projector"));
  state("t_embedder.W", frequencies, {kFrequencies}, nn::SlotKind::kBuffer);
  time_hidden.visit(state.child("t_embedder.mlp.0"));
  time_output.visit(state.child("t_embedder.mlp.2"));
  state("y_embedder.embedding_table.weight", label_table, {config.classes + 1, config.body.width});
  for (size_t i = 0; i < blocks.size(); ++i) blocks[i].visit(state.child("blocks", i));
  state("final_layer.norm_final.weight", final_norm_weight, {config.head.width});
  final_linear.visit(state.child("final_layer.linear"));
  final_modulation.visit(state.child("final_layer.adaLN_modulation"));
}

void DitDh::arrange() {
  for (DitBlock& block : blocks) block.attn.split_pairs();
}

at::Tensor DitDh::time_features(const at::Tensor& t) const {
  const at::Tensor angles =
      t.to(at::kFloat).unsqueeze(1) * frequencies.to(at::kFloat) * (2 * std::numbers::pi);
  return at::cat({at::sin(angles), at::cos(angles)}, 1);  // (N, 512)
}

at::Tensor DitDh::conditioning(const at::Tensor& t, const at::Tensor& y) const {
  const at::Tensor time =
      time_output(ops::silu(time_hidden(time_features(model_time(convention, t)))));  // (N, D)
  const at::Tensor label = at::embedding(label_table, y).to(time.scalar_type());
  // The blocks' modulation begins with a SiLU of its own: two in a row, as published.
  const at::Tensor condition = ops::silu(time + label);
  std::vector<at::Tensor> parts;
  for (int64_t i = 0; i < config.body.depth; ++i)
    parts.push_back(blocks[static_cast<size_t>(i)].modulations(condition));  // (N, 6D)
  parts.push_back(time);
  return at::cat(parts, 1);
}

at::Tensor DitDh::velocity(const at::Tensor& x, const at::Tensor& conditioning) const {
  const int64_t depth = config.body.depth, n = x.size(0), cells = x.size(1);
  std::vector<at::Tensor> m = conditioning.chunk(kBlockParts * depth + 1, 1);  // of (N, D)
  const at::Tensor time = m.back();
  // The norm behind the last block belongs to nobody.
  m.back() = at::zeros({n, config.body.width}, time.options());
  m.push_back(m.back());
  const nn::RotaryTables turns = on_device(body_rotary, x.device());
  const at::Tensor first = s_embedder(x) + pos_embed;  // (N, T, D)
  NormedTokens s{first,
                 ops::modulated_layer_norm(first, m[0], m[1], kEps, dtype(), ops::NormKind::kRms)};
  for (int64_t i = 0; i < depth; ++i)
    s = blocks[static_cast<size_t>(i)](s, at::TensorList(m).slice(kBlockParts * i), &turns);

  at::Tensor condition = ops::silu(s.x + time.unsqueeze(1));  // (N, T, D)
  if (config.body.width != config.head.width) condition = s_projector(condition);
  const at::Tensor of_token = condition.flatten(0, 1);  // (N T, E)
  const nn::RotaryTables wide_turns = on_device(head_rotary, x.device());
  at::Tensor h = x_embedder(x);  // (N, T, E)
  for (int64_t i = depth; i < depth + config.head.depth; ++i)
    h = blocks[static_cast<size_t>(i)].per_token(h, of_token, wide_turns);
  const at::Tensor last = final_modulation(of_token);  // (N T, 2E)
  const at::Tensor shift = last.narrow(1, 0, config.head.width);
  const at::Tensor weight = final_norm_weight.to(last.scalar_type());
  const at::Tensor scale = weight * (1 + last.narrow(1, config.head.width, config.head.width)) - 1;
  const at::Tensor normed =
      ops::modulated_layer_norm(as_images(h), shift, scale, kEps, dtype(), ops::NormKind::kRms);
  return velocity_of(convention, final_linear(normed.view({n, cells, -1})));  // (N, T, C)
}

}  // namespace svgen::models
