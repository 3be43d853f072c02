// SPDX-License-Identifier: MIT
// The affine map of the transformers and the convolution of the decoder, with what follows in the
// same pass.
#pragma once

#include <ATen/core/Tensor.h>

namespace svgen::ops {

/// Whether the products of this dtype go through oneDNN on this CPU, in inference mode: only then
/// does the result of a row or an image depend on nothing beside it. bfloat16 wants AVX-512.
bool has_independent_rows(at::ScalarType dtype);

/// What is done to the result, elementwise.
enum class Epilogue { kNone, kGeluErf, kGeluTanh };

/// A weight (out, in) laid out for linear(), or (out, in, k, k) laid out for conv2d(), on this
/// machine: an opaque tensor, good for nothing else. Where there is no better layout, the weight
/// itself.
at::Tensor pack(const at::Tensor& weight);

/// The epilogue of x W^T + bias with x (..., in), W (out, in), perhaps packed, and bias (out) or
/// undefined, all of one dtype, which the result has, too. Differentiable where W is not packed.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                  Epilogue epilogue = Epilogue::kNone);

/// The convolution of x (N, in, H, W) with W (out, in, k, k), perhaps packed, and bias (out), all
/// of one dtype; k is odd, the size is kept. Channels-last in memory for such an x. Differentiable
/// where W is not packed.
at::Tensor conv2d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace svgen::ops
