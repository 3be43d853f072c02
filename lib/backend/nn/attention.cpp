// SPDX-License-Identifier: MIT
// Multi-head self-attention.
#include "nn/attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <c10/core/GradMode.h>

#include <cmath>

namespace svgen::nn {
namespace {

constexpr double kQkNormEps = 1e-5;

std::optional<LayerNorm> head_norm(const AttentionConfig& config) {
  if (!config.qk_norm) return std::nullopt;
  return LayerNorm(config.head(), kQkNormEps);
}

}  // namespace

at::Tensor scaled_dot_product(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              double scale, at::ScalarType product) {
  // With a few hundred tokens the explicit products are faster on a CPU than the fused operator.
  const at::Tensor keys = k.to(product).transpose(-2, -1);              // (N, heads, head, T)
  const at::Tensor scores = at::matmul((q * scale).to(product), keys);  // (N, heads, T, T)
  // In training the scores stay in the product's dtype, as the hidden values of Mlp do.
  const bool training = c10::GradMode::is_enabled();
  const at::Tensor shares = at::softmax(training ? scores : scores.to(q.scalar_type()), -1);
  return at::matmul(shares.to(product), v.to(product)).to(q.scalar_type());  // (N, heads, T, head)
}

Attention::Attention(const AttentionConfig& attention_config)
    : config(attention_config),
      q_norm(head_norm(config)),
      k_norm(head_norm(config)),
      output(config.width, config.width) {}

void Attention::visit(const StateScope& state) {
  state(config.names.qkv_weight, qkv_weight, {3 * config.width, config.width});
  state(config.names.qkv_bias, qkv_bias, {3 * config.width});
  if (config.masked_bias) state("qkv.bias_mask", bias_mask, {3 * config.width}, SlotKind::kBuffer);
  if (q_norm) q_norm->visit(state.child("q_norm"));
  if (k_norm) k_norm->visit(state.child("k_norm"));
  output.visit(state.child(config.names.output));
}

at::Tensor Attention::operator()(const at::Tensor& x, const RotaryTables* rotary) const {
  const int64_t n = x.size(0), t = x.size(1);
  const at::Tensor bias =
      config.masked_bias ? qkv_bias * bias_mask.to(qkv_bias.scalar_type()) : qkv_bias;
  const at::Tensor qkv = affine(x, qkv_weight, bias)  // (N, T, 3D)
                             .view({n, t, 3, config.heads, config.head()})
                             .permute({2, 0, 3, 1, 4});   // (3, N, heads, T, head)
  at::Tensor q = qkv.select(0, 0), k = qkv.select(0, 1);  // (N, heads, T, head)
  if (q_norm) q = (*q_norm)(q);
  if (k_norm) k = (*k_norm)(k);
  if (rotary) {
    const int64_t prefix = t - rotary->sin.size(0);
    q = rotate(q, *rotary, prefix);
    k = rotate(k, *rotary, prefix);
  }
  const double scale = 1 / std::sqrt(static_cast<double>(config.head()));
  const at::Tensor mixed = scaled_dot_product(q, k, qkv.select(0, 2), scale,
                                              qkv_weight.scalar_type());  // (N, heads, T, head)
  return output(mixed.transpose(1, 2).reshape({n, t, config.width}));     // (N, T, D)
}

}  // namespace svgen::nn
