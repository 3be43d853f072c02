// SPDX-License-Identifier: MIT
// Attention by the host kernel, or as the library's products.
#include "ops/attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/softmax.h>
#include <c10/core/GradMode.h>

#include "ops/cpu/elements.h"
#include "ops/cpu/kernels.h"
#include "ops/device.h"
#include "ops/ops.h"

namespace svgen::ops {
namespace {

at::Tensor normed(const at::Tensor& x, const HeadNorm& norm) {
  if (!norm.weight.defined()) return x;
  const at::Tensor weight = norm.weight.to(x.scalar_type());
  if (!norm.bias.defined())
    return x * at::rsqrt(x.square().mean(-1, /*keepdim=*/true) + norm.eps) * weight;
  return at::layer_norm(x, {x.size(-1)}, weight, norm.bias.to(x.scalar_type()), norm.eps);
}

at::Tensor by_products(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                       const AttentionOptions& options) {
  // The explicit products of a few hundred tokens are faster on a CPU than the fused operator.
  const at::ScalarType product = options.product;
  const at::Tensor keys = k.to(product).transpose(-2, -1);  // (N, heads, head, T)
  const at::Tensor scores = at::matmul((q * options.scale).to(product), keys);  // (N, heads, T, T)
  const bool training = c10::GradMode::is_enabled();
  const at::Tensor shares = at::softmax(training ? scores : scores.to(q.scalar_type()), -1);
  const at::Tensor mixed =
      at::matmul(shares.to(product), v.to(product)).to(q.scalar_type());  // (N, heads, T, head)
  return mixed.transpose(1, 2).flatten(2);                                // (N, T, heads * head)
}

const float* data_or_null(const at::Tensor& x) {
  return x.defined() ? x.const_data_ptr<float>() : nullptr;
}

// A tensor whose heads are dense.
at::Tensor with_dense_heads(const at::Tensor& x) {
  return x.stride(3) == 1 ? x : x.contiguous();
}

template <typename T>
cpu::AttentionInput<T> input(const at::Tensor& x, const HeadNorm& norm = {},
                             const HeadRotation& rotation = {}) {
  return {elements<T>(x),
          {x.stride(0), x.stride(1), x.stride(2)},
          {data_or_null(norm.weight), data_or_null(norm.bias), norm.eps},
          {data_or_null(rotation.sin), data_or_null(rotation.cos), rotation.prefix}};
}

HeadNorm in_float(const HeadNorm& norm) {
  if (!norm.weight.defined()) return {};
  const at::Tensor bias =
      norm.bias.defined() ? norm.bias.to(at::kFloat).contiguous() : at::Tensor();
  return {norm.weight.to(at::kFloat).contiguous(), bias, norm.eps};
}

}  // namespace

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const AttentionOptions& options) {
  const bool alike = q.scalar_type() == k.scalar_type() && q.scalar_type() == v.scalar_type();
  if constexpr (device::kPresent)
    if (device::takes(q) && alike && q.numel() > 0) return device::attention(q, k, v, options);
  if (!runs_on_host(q) || !alike || q.numel() == 0)
    return by_products(normed(q, options.q_norm), normed(k, options.k_norm), v, options);
  const at::Tensor queries = with_dense_heads(q), keys = with_dense_heads(k),
                   values = with_dense_heads(v);
  const HeadNorm q_norm = in_float(options.q_norm), k_norm = in_float(options.k_norm);
  const cpu::AttentionShape shape{q.size(0), q.size(1), q.size(2), q.size(3)};
  const at::Tensor y =
      at::empty({shape.images, shape.tokens, shape.heads * shape.head}, q.options());
  with_element_type(q.scalar_type(), [&]<typename T>(T) {
    cpu::attention(input<T>(queries, q_norm, options.rotation),
                   input<T>(keys, k_norm, options.rotation), input<T>(values), shape, options.scale,
                   mutable_elements<T>(y));
  });
  return y;
}

}  // namespace svgen::ops
