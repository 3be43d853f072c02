// SPDX-License-Identifier: MIT
// Multi-head self-attention over one fused q, k, v projection.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "nn/layer_norm.h"
#include "nn/linear.h"
#include "nn/rotary.h"
#include "nn/state.h"

namespace svgen::nn {

/// Says how a checkpoint family names the tensors of its attention.
struct AttentionNames {
  const char* qkv_weight;
  const char* qkv_bias;
  const char* output;
};

inline constexpr AttentionNames kFusedNames = {"qkv.weight", "qkv.bias", "proj"};
inline constexpr AttentionNames kPackedNames = {"in_proj_weight", "in_proj_bias", "out_proj"};

struct AttentionConfig {
  int64_t width = 0;  // of a token; a multiple of heads
  int64_t heads = 0;
  bool qk_norm = false;      // affine LayerNorm over the head size on q and k, eps 1e-5
  bool masked_bias = false;  // a 0/1 buffer "qkv.bias_mask" multiplies the fused bias
  AttentionNames names = kFusedNames;

  int64_t head() const { return width / heads; }
};

struct Attention {
  explicit Attention(const AttentionConfig& attention_config);

  void visit(const StateScope& state);

  /// (N, T, D) -> (N, T, D). With `rotary`, q and k of its tokens, the last ones of x, are rotated.
  at::Tensor operator()(const at::Tensor& x, const RotaryTables* rotary = nullptr) const;

  /// Multiplies the bias by its mask for good, for inference: the same values. Afterwards there is
  /// no mask, and visit() must not be called.
  void fold_bias_mask();

  AttentionConfig config;
  at::Tensor qkv_weight, qkv_bias;  // (3D, D), (3D); rows q, k, v
  at::Tensor bias_mask;             // (3D)
  std::optional<LayerNorm> q_norm, k_norm;
  Linear output;
};

}  // namespace svgen::nn
