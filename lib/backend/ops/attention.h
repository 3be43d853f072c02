// SPDX-License-Identifier: MIT
// softmax(q k^T scale) v.
#pragma once

#include <ATen/core/Tensor.h>

namespace svgen::ops {

/// An affine layer norm over the head size; without bias a root mean square norm, without weight
/// none.
struct HeadNorm {
  at::Tensor weight, bias;  // (head)
  double eps = 0;
};

/// Rotary positions (nn/rotary.h) of the tokens behind the first `prefix`; without sin none.
struct HeadRotation {
  at::Tensor sin, cos;  // (T - prefix, head) float32
  int64_t prefix = 0;
};

struct AttentionOptions {
  double scale = 1;
  at::ScalarType product = at::kFloat;  // of both matrix products, where they are the library's
  HeadNorm q_norm, k_norm;              // on q and k before all else
  HeadRotation rotation;                // and then this; only where runs_in_kernels(q)
};

/// q, k, v (N, heads, T, head) to (N, T, heads * head), both of q's dtype. The softmax is computed
/// in float32; in training the scores stay in `product`.
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const AttentionOptions& options);

}  // namespace svgen::ops
