// SPDX-License-Identifier: MIT
// Multi-head self-attention.
#include "nn/attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/rsqrt.h>

#include <cmath>
#include <vector>

#include "ops/ops.h"

namespace svgen::nn {
namespace {

constexpr double kLayerNormEps = 1e-5, kRmsNormEps = 1e-6;

}  // namespace

void HeadNorm::visit(const StateScope& state) {
  if (kind == QkNorm::kNone) return;
  state("weight", weight, {head});
  if (kind == QkNorm::kLayer) state("bias", bias, {head});
}

at::Tensor HeadNorm::operator()(const at::Tensor& x) const {
  if (kind == QkNorm::kNone) return x;
  if (kind == QkNorm::kLayer)
    return ops::layer_norm(x, weight, bias, kLayerNormEps, x.scalar_type());
  const at::Tensor inverse = at::rsqrt(x.square().mean(-1, /*keepdim=*/true) + kRmsNormEps);
  return x * inverse * weight.to(x.scalar_type());
}

ops::HeadNorm HeadNorm::parameters() const {
  return {weight, bias, kind == QkNorm::kRms ? kRmsNormEps : kLayerNormEps};
}

Attention::Attention(const AttentionConfig& attention_config)
    : config(attention_config),
      q_norm(config.qk_norm, config.head()),
      k_norm(config.qk_norm, config.head()),
      output(config.width, config.width) {}

void Attention::visit(const StateScope& state) {
  state(config.names.qkv_weight, qkv_weight, {3 * config.width, config.width}, SlotKind::kPackable);
  state(config.names.qkv_bias, qkv_bias, {3 * config.width});
  if (config.masked_bias) state("qkv.bias_mask", bias_mask, {3 * config.width}, SlotKind::kBuffer);
  q_norm.visit(state.child("q_norm"));
  k_norm.visit(state.child("k_norm"));
  output.visit(state.child(config.names.output));
}

void Attention::fold_bias_mask() {
  qkv_bias = qkv_bias * bias_mask.to(qkv_bias.scalar_type());
  bias_mask = at::Tensor();
}

void Attention::split_pairs() {
  const auto rows_of_heads = [&](const at::Tensor& x) {
    const std::vector<int64_t> shape = x.sizes().vec();
    const at::Tensor parts = x.reshape({3, config.heads, config.head(), -1});
    const at::Tensor turned =
        pairs_as_halves(parts.narrow(0, 0, 2).transpose(-1, -2)).transpose(-1, -2);
    return at::cat({turned, parts.narrow(0, 2, 1)}).reshape(shape);
  };
  qkv_weight = rows_of_heads(qkv_weight);
  qkv_bias = rows_of_heads(qkv_bias);
  for (HeadNorm* norm : {&q_norm, &k_norm})
    for (at::Tensor* parameter : {&norm->weight, &norm->bias})
      if (parameter->defined()) *parameter = pairs_as_halves(*parameter);
  has_split_pairs_ = true;
}

at::Tensor Attention::operator()(const at::Tensor& x, const RotaryTables* rotary) const {
  const int64_t n = x.size(0), t = x.size(1);
  const at::Tensor bias =
      bias_mask.defined() ? qkv_bias * bias_mask.to(qkv_bias.scalar_type()) : qkv_bias;
  // The kernels of inference read the product as it is; all others want float32 for what comes
  // before the scores.
  const bool needs_split = config.rotates_pairs && !has_split_pairs_;
  const bool in_kernels = ops::runs_in_kernels(x), rotates = in_kernels && !needs_split;
  const at::Tensor qkv = (in_kernels ? product : affine)(x, qkv_weight, bias)  // (N, T, 3D)
                             .view({n, t, 3, config.heads, config.head()})
                             .permute({2, 0, 3, 1, 4});   // (3, N, heads, T, head)
  at::Tensor q = qkv.select(0, 0), k = qkv.select(0, 1);  // (N, heads, T, head)
  ops::AttentionOptions options{.scale = 1 / std::sqrt(static_cast<double>(config.head())),
                                .product = qkv_weight.scalar_type(),
                                .q_norm = q_norm.parameters(),
                                .k_norm = k_norm.parameters()};
  const int64_t prefix = rotary ? t - rotary->sin.size(0) : 0;
  if (rotary && rotates) {
    options.rotation = {rotary->sin, rotary->cos, prefix};
  } else if (rotary) {
    const auto turned = [&](const at::Tensor& normed) {
      return rotate(needs_split ? pairs_as_halves(normed) : normed, *rotary, prefix);
    };
    q = turned(q_norm(q));
    k = turned(k_norm(k));
    options.q_norm = options.k_norm = {};
  }
  return product(ops::attention(q, k, qkv.select(0, 2), options), output.weight,
                 output.bias);  // (N, T, D)
}

}  // namespace svgen::nn
