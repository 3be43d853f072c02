// SPDX-License-Identifier: MIT
// The operations whose result must not depend on the number of threads, or that fuse several.
//
// Each entry is differentiable: where a gradient is recorded, and on devices or dtypes without a
// path of its own, it is the composition of library operators that its comment states. Otherwise
// work is cut at fixed places, so that one CPU gives the same bits with any number of threads
// (the library's own operators cut by thread count: their vector tails and sums then differ).
#pragma once

#include <ATen/core/Tensor.h>

#include <utility>

namespace svgen::ops {

/// x sigmoid(x), elementwise.
at::Tensor silu(const at::Tensor& x);

/// x sigmoid(x) y, elementwise, of one size and dtype, which the result has, too.
at::Tensor silu_product(const at::Tensor& x, const at::Tensor& y);

/// The same of x (..., 2H): silu(first half) (second half), (..., H).
at::Tensor silu_halves(const at::Tensor& x);

/// x Phi(x), elementwise, Phi the normal distribution function.
at::Tensor gelu_erf(const at::Tensor& x);

/// 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), elementwise.
at::Tensor gelu_tanh(const at::Tensor& x);

/// Whether x is computed by the kernels of inference: on a CPU, in float32 or bfloat16, in
/// inference mode. A training's frozen parts round as its other parts do.
bool runs_on_host(const at::Tensor& x);

/// The same, or by those of a CUDA device (device.h).
bool runs_in_kernels(const at::Tensor& x);

/// Normalises the last dimension of x: (x - mean) / sqrt(biased variance + eps), or
/// x / sqrt(mean of x^2 + eps).
enum class NormKind { kLayer, kRms };

/// LN(x) (1 + scale) + shift in dtype `result`, with x (N, T, D), shift and scale (N, D), and LN
/// the normalisation of this kind.
at::Tensor modulated_layer_norm(const at::Tensor& x, const at::Tensor& shift,
                                const at::Tensor& scale, double eps, at::ScalarType result,
                                NormKind kind = NormKind::kLayer);

/// The affine normalisation of the last dimension, LN(x) weight + bias, in dtype `result`; x is
/// (N, T, D).
at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                      double eps, at::ScalarType result);

/// x + gate branch in x's dtype, with x and branch (N, T, D), gate (N, D), or undefined for 1.
at::Tensor gated_sum(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& branch);

/// gated_sum(x, gate, branch), and the modulated_layer_norm of it.
std::pair<at::Tensor, at::Tensor> gated_sum_and_norm(
    const at::Tensor& x, const at::Tensor& gate, const at::Tensor& branch, const at::Tensor& shift,
    const at::Tensor& scale, double eps, at::ScalarType result, NormKind kind = NormKind::kLayer);

enum class Activation { kNone, kSwish };

/// Group normalisation of x (N, C, H, W) over groups of C / groups channels and all positions,
/// times weight (C) plus bias (C), then the activation. The result is channels-last in memory.
at::Tensor group_norm(const at::Tensor& x, int64_t groups, const at::Tensor& weight,
                      const at::Tensor& bias, double eps, Activation activation);

}  // namespace svgen::ops
