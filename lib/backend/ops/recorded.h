// SPDX-License-Identifier: MIT
// Entries of ops.h whose gradients are kernels, too: on a CPU, in float32 or bfloat16, where a
// gradient is recorded. As there, the bits do not depend on the number of threads.
#pragma once

#include <ATen/core/Tensor.h>

#include <utility>

#include "ops/ops.h"

namespace svgen::ops::recorded {

/// x may have any shape.
at::Tensor gelu_tanh(const at::Tensor& x);

/// x is float32; branch has the dtype of the result.
std::pair<at::Tensor, at::Tensor> gated_sum_and_norm(const at::Tensor& x, const at::Tensor& gate,
                                                     const at::Tensor& branch,
                                                     const at::Tensor& shift,
                                                     const at::Tensor& scale, double eps,
                                                     NormKind kind);

}  // namespace svgen::ops::recorded
