// SPDX-License-Identifier: MIT
// Multi-head self-attention.
#include "nn/attention.h"

#include <ATen/TensorOperators.h>

#include <cmath>

#include "ops/attention.h"
#include "ops/ops.h"

namespace svgen::nn {
namespace {

constexpr double kQkNormEps = 1e-5;

std::optional<LayerNorm> norm_of(const AttentionConfig& config) {
  if (!config.qk_norm) return std::nullopt;
  return LayerNorm(config.head(), kQkNormEps);
}

ops::HeadNorm head_norm(const std::optional<LayerNorm>& norm) {
  return norm ? ops::HeadNorm{norm->weight, norm->bias, norm->eps} : ops::HeadNorm{};
}

}  // namespace

Attention::Attention(const AttentionConfig& attention_config)
    : config(attention_config),
      q_norm(norm_of(config)),
      k_norm(norm_of(config)),
      output(config.width, config.width) {}

void Attention::visit(const StateScope& state) {
  state(config.names.qkv_weight, qkv_weight, {3 * config.width, config.width}, SlotKind::kPackable);
  state(config.names.qkv_bias, qkv_bias, {3 * config.width});
  if (config.masked_bias) state("qkv.bias_mask", bias_mask, {3 * config.width}, SlotKind::kBuffer);
  if (q_norm) q_norm->visit(state.child("q_norm"));
  if (k_norm) k_norm->visit(state.child("k_norm"));
  output.visit(state.child(config.names.output));
}

void Attention::fold_bias_mask() {
  qkv_bias = qkv_bias * bias_mask.to(qkv_bias.scalar_type());
  bias_mask = at::Tensor();
}

at::Tensor Attention::operator()(const at::Tensor& x, const RotaryTables* rotary) const {
  const int64_t n = x.size(0), t = x.size(1);
  const at::Tensor bias =
      bias_mask.defined() ? qkv_bias * bias_mask.to(qkv_bias.scalar_type()) : qkv_bias;
  // The kernels of inference read the product as it is; all others want float32 for what comes
  // before the scores.
  const bool rotates = ops::runs_in_kernels(x);
  const at::Tensor qkv = branch_map(x)(x, qkv_weight, bias)  // (N, T, 3D)
                             .view({n, t, 3, config.heads, config.head()})
                             .permute({2, 0, 3, 1, 4});   // (3, N, heads, T, head)
  at::Tensor q = qkv.select(0, 0), k = qkv.select(0, 1);  // (N, heads, T, head)
  ops::AttentionOptions options{.scale = 1 / std::sqrt(static_cast<double>(config.head())),
                                .product = qkv_weight.scalar_type(),
                                .q_norm = head_norm(q_norm),
                                .k_norm = head_norm(k_norm)};
  const int64_t prefix = rotary ? t - rotary->sin.size(0) : 0;
  if (rotary && rotates) {
    options.rotation = {rotary->sin, rotary->cos, prefix};
  } else if (rotary) {
    q = rotate(q_norm ? (*q_norm)(q) : q, *rotary, prefix);
    k = rotate(k_norm ? (*k_norm)(k) : k, *rotary, prefix);
    options.q_norm = options.k_norm = {};
  }
  return branch_map(x)(ops::attention(q, k, qkv.select(0, 2), options), output.weight,
                       output.bias);  // (N, T, D)
}

}  // namespace svgen::nn
