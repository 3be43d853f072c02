// SPDX-License-Identifier: MIT
// softmax(q k^T scale) v.
#pragma once

#include <ATen/core/Tensor.h>

namespace svgen::ops {

/// An affine layer norm over the head size; without weight none.
struct HeadNorm {
  at::Tensor weight, bias;  // (head)
  double eps = 0;
};

struct AttentionOptions {
  double scale = 1;
  at::ScalarType product = at::kFloat;  // of both matrix products, where they are the library's
  HeadNorm q_norm, k_norm;              // on q and k before all else
};

/// q, k, v (N, heads, T, head) to (N, T, heads * head), both of q's dtype. The softmax is computed
/// in float32; in training the scores stay in `product`.
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const AttentionOptions& options);

}  // namespace svgen::ops
