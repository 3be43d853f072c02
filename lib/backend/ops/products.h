// SPDX-License-Identifier: MIT
// The affine map of the transformers, with what follows in the same pass.
#pragma once

#include <ATen/core/Tensor.h>

namespace svgen::ops {

/// Whether products of this dtype go through oneDNN or a host kernel on this CPU, in inference
/// mode: only then does the result of a row depend on nothing beside it. bfloat16 through oneDNN
/// wants AVX-512.
bool has_independent_rows(at::ScalarType dtype);

/// Names the function applied to the result, elementwise.
enum class Epilogue { kNone, kGeluErf, kGeluTanh };

/// A weight laid out for its product on this machine: (out, in) or (out, in, 1, 1) for linear(), an
/// opaque tensor that is good for nothing else; (out, in, 3, 3) for conv2d(). Where there is no
/// better layout, the weight itself.
at::Tensor pack(const at::Tensor& weight);

/// The epilogue of x W^T + bias with x (..., in), W (out, in), perhaps packed, and bias (out) or
/// undefined, all of one dtype, which the result has, too. Differentiable where W is not packed.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                  Epilogue epilogue = Epilogue::kNone);

}  // namespace svgen::ops
