// SPDX-License-Identifier: MIT
// Chooses between the host kernels, the device's and the library's differentiable operators.
#include "ops/ops.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/silu.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>

#include <vector>

#include "ops/cpu/elements.h"
#include "ops/cpu/kernels.h"
#include "ops/device.h"
#include "ops/recorded.h"
#include "ops/rows.h"

namespace svgen::ops {
namespace {

bool records_gradient(const at::Tensor& x) {
  return c10::GradMode::is_enabled() && x.requires_grad();
}

bool takes_host_kernel(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && !records_gradient(x);
}

at::Tensor map(const at::Tensor& x, void (*kernel)(const float*, float*, int64_t)) {
  const at::Tensor dense = x.is_non_overlapping_and_dense() ? x : x.contiguous();
  at::Tensor y = at::empty_like(dense);
  kernel(dense.const_data_ptr<float>(), y.mutable_data_ptr<float>(), dense.numel());
  return y;
}

bool kernels_make(at::ScalarType result) {
  return result == at::kFloat || result == at::kBFloat16;
}

// Whether the kernels, the host's and the device's, normalise rows of x.
bool kernels_norm(const at::Tensor& x, at::ScalarType result) {
  return x.scalar_type() == at::kFloat && x.dim() == 3 && kernels_make(result);
}

bool norms_on_host(const at::Tensor& x, at::ScalarType result) {
  return runs_on_host(x) && kernels_norm(x, result);
}

[[maybe_unused]] bool norms_on_device(const at::Tensor& x, at::ScalarType result) {
  return device::takes(x) && kernels_norm(x, result);
}

[[maybe_unused]] bool sums_on_device(const at::Tensor& x, const at::Tensor& branch) {
  return device::takes(x) && x.scalar_type() == at::kFloat && device::takes(branch);
}

// LN(x) (base + scale) + shift.
at::Tensor host_norm(const at::Tensor& x, const at::Tensor& shift, const at::Tensor& scale,
                     float base, double eps, at::ScalarType result,
                     NormKind kind = NormKind::kLayer) {
  const at::Tensor input = x.contiguous();
  const ImageRows shifts = rows_of(shift), scales = rows_of(scale);
  const at::Tensor y = at::empty(x.sizes(), x.options().dtype(result));
  with_element_type(result, [&]<typename Out>(Out) {
    cpu::modulated_layer_norm(elements<float>(input), mutable_elements<Out>(y), token_shape(x),
                              row_of(shifts), row_of(scales), base, eps, kind == NormKind::kLayer);
  });
  return y;
}

}  // namespace

at::Tensor silu(const at::Tensor& x) {
  return takes_host_kernel(x) ? map(x, cpu::silu) : at::silu(x);
}

at::Tensor silu_product(const at::Tensor& x, const at::Tensor& y) {
  const bool dense = x.is_contiguous() && y.is_contiguous();
  if constexpr (device::kPresent)
    if (device::takes(x) && dense) return device::silu_product(x, y);
  if (!runs_on_host(x) || !dense) return at::silu(x) * y;
  const at::Tensor product = at::empty_like(x);
  with_element_type(x.scalar_type(), [&]<typename T>(T) {
    cpu::silu_product(elements<T>(x), elements<T>(y), mutable_elements<T>(product), x.numel());
  });
  return product;
}

at::Tensor silu_halves(const at::Tensor& x) {
  const int64_t half = x.size(-1) / 2;
  const bool dense = x.is_contiguous();
  if constexpr (device::kPresent)
    if (device::takes(x) && dense) return device::silu_halves(x);
  if (!runs_on_host(x) || !dense) return at::silu(x.narrow(-1, 0, half)) * x.narrow(-1, half, half);
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = half;
  const at::Tensor product = at::empty(shape, x.options());
  with_element_type(x.scalar_type(), [&]<typename T>(T) {
    cpu::silu_halves(elements<T>(x), mutable_elements<T>(product), product.numel() / half, half);
  });
  return product;
}

at::Tensor gelu_erf(const at::Tensor& x) {
  return takes_host_kernel(x) ? map(x, cpu::gelu_erf) : at::gelu(x);
}

at::Tensor gelu_tanh(const at::Tensor& x) {
  if (takes_host_kernel(x)) return map(x, cpu::gelu_tanh);
  if (x.is_cpu() && kernels_make(x.scalar_type()) && records_gradient(x))
    return recorded::gelu_tanh(x);
  return at::gelu(x, "tanh");
}

bool runs_on_host(const at::Tensor& x) {
  const bool known = x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16;
  return x.is_cpu() && known && c10::InferenceMode::is_enabled();
}

bool runs_in_kernels(const at::Tensor& x) {
  return runs_on_host(x) || device::takes(x);
}

at::Tensor modulated_layer_norm(const at::Tensor& x, const at::Tensor& shift,
                                const at::Tensor& scale, double eps, at::ScalarType result,
                                NormKind kind) {
  if constexpr (device::kPresent)
    if (norms_on_device(x, result))
      return device::layer_norm(x, shift, scale, 1, eps, result, kind == NormKind::kLayer);
  if (norms_on_host(x, result)) return host_norm(x, shift, scale, 1, eps, result, kind);
  const at::Tensor normal = kind == NormKind::kLayer
                                ? at::layer_norm(x, {x.size(-1)}, {}, {}, eps)
                                : x * at::rsqrt(x.square().mean(-1, /*keepdim=*/true) + eps);
  return (normal * (1 + scale).unsqueeze(1) + shift.unsqueeze(1)).to(result);
}

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                      double eps, at::ScalarType result) {
  const auto for_all = [&](const at::Tensor& row) { return row.expand({x.size(0), -1}); };
  if constexpr (device::kPresent)
    if (norms_on_device(x, result))
      return device::layer_norm(x, for_all(bias), for_all(weight), 0, eps, result);
  if (norms_on_host(x, result)) return host_norm(x, for_all(bias), for_all(weight), 0, eps, result);
  const at::ScalarType dtype = x.scalar_type();
  return at::layer_norm(x, {x.size(-1)}, weight.to(dtype), bias.to(dtype), eps).to(result);
}

at::Tensor gated_sum(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& branch) {
  if constexpr (device::kPresent)
    if (sums_on_device(x, branch)) return device::gated_sum(x, gate, branch);
  if (!runs_on_host(x) || x.scalar_type() != at::kFloat || !runs_on_host(branch))
    return gate.defined() ? x + gate.unsqueeze(1) * branch : x + branch;
  const at::Tensor input = x.contiguous(), added = branch.contiguous();
  const ImageRows gates =
      rows_of(gate.defined() ? gate : at::ones({1}, x.options()).expand({x.size(0), x.size(2)}));
  const at::Tensor y = at::empty_like(input);
  with_element_type(branch.scalar_type(), [&]<typename Branch>(Branch) {
    cpu::gated_sum(elements<float>(input), elements<Branch>(added), mutable_elements<float>(y),
                   token_shape(x), row_of(gates));
  });
  return y;
}

std::pair<at::Tensor, at::Tensor> gated_sum_and_norm(const at::Tensor& x, const at::Tensor& gate,
                                                     const at::Tensor& branch,
                                                     const at::Tensor& shift,
                                                     const at::Tensor& scale, double eps,
                                                     at::ScalarType result, NormKind kind) {
  if constexpr (device::kPresent)
    if (sums_on_device(x, branch) && kernels_make(result))
      return device::gated_sum_and_norm(x, gate, branch, shift, scale, eps, result,
                                        kind == NormKind::kLayer);
  if (x.is_cpu() && kernels_norm(x, result) && branch.scalar_type() == result && gate.defined() &&
      (records_gradient(x) || records_gradient(branch)))
    return recorded::gated_sum_and_norm(x, gate, branch, shift, scale, eps, kind);
  const at::Tensor sum = gated_sum(x, gate, branch);
  return {sum, modulated_layer_norm(sum, shift, scale, eps, result, kind)};
}

at::Tensor group_norm(const at::Tensor& x, int64_t groups, const at::Tensor& weight,
                      const at::Tensor& bias, double eps, Activation activation) {
  const bool swish = activation == Activation::kSwish;
  if constexpr (device::kPresent)
    if (device::takes(x) && device::takes(weight))
      return device::group_norm(x, groups, weight, bias, eps, swish);
  const at::Tensor input = x.contiguous(at::MemoryFormat::ChannelsLast);
  if (!takes_host_kernel(x) || records_gradient(weight) || records_gradient(bias)) {
    const at::Tensor y = at::group_norm(input, groups, weight, bias, eps);
    return swish ? at::silu(y) : y;
  }
  at::Tensor y = at::empty_like(input);
  const cpu::GroupNormShape shape{x.size(0), x.size(2) * x.size(3), x.size(1), groups};
  cpu::group_norm(input.const_data_ptr<float>(), y.mutable_data_ptr<float>(), shape,
                  weight.contiguous().const_data_ptr<float>(),
                  bias.contiguous().const_data_ptr<float>(), eps, swish);
  return y;
}

}  // namespace svgen::ops
