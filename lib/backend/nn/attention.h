// SPDX-License-Identifier: MIT
// Multi-head self-attention over one fused q, k, v projection.
#pragma once

#include <ATen/core/Tensor.h>

#include "nn/linear.h"
#include "nn/rotary.h"
#include "nn/state.h"
#include "ops/attention.h"

namespace svgen::nn {

/// Says how a checkpoint family names the tensors of its attention.
struct AttentionNames {
  const char* qkv_weight;
  const char* qkv_bias;
  const char* output;
};

inline constexpr AttentionNames kFusedNames = {"qkv.weight", "qkv.bias", "proj"};
inline constexpr AttentionNames kPackedNames = {"in_proj_weight", "in_proj_bias", "out_proj"};

/// The norm of q and k over the head size: none, an affine layer norm with eps 1e-5, or a root mean
/// square norm with a weight and eps 1e-6.
enum class QkNorm { kNone, kLayer, kRms };

struct HeadNorm {
  HeadNorm(QkNorm norm_kind, int64_t head_size) : kind(norm_kind), head(head_size) {}

  void visit(const StateScope& state);
  at::Tensor operator()(const at::Tensor& x) const;  // (..., head) -> (..., head)
  ops::HeadNorm parameters() const;

  QkNorm kind;
  int64_t head;
  at::Tensor weight, bias;  // (head); no bias in a root mean square norm
};

struct AttentionConfig {
  int64_t width = 0;  // of a token; a multiple of heads
  int64_t heads = 0;
  QkNorm qk_norm = QkNorm::kNone;
  bool rotates_pairs = false;  // rotary positions turn neighbouring channels, not halves of a head
  bool masked_bias = false;    // a 0/1 buffer "qkv.bias_mask" multiplies the fused bias
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
  /// Puts the channels of each head of q and k into the order in which the kernels rotate, for
  /// inference: the same products. For attention that rotates pairs; once.
  void split_pairs();

  AttentionConfig config;
  at::Tensor qkv_weight, qkv_bias;  // (3D, D), (3D); rows q, k, v
  at::Tensor bias_mask;             // (3D)
  HeadNorm q_norm, k_norm;
  Linear output;

 private:
  bool has_split_pairs_ = false;
};

}  // namespace svgen::nn
