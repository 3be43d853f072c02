// SPDX-License-Identifier: MIT
// Chooses between the host kernels and the library's differentiable operators.
#include "ops/ops.h"

#include <ATen/ops/empty_like.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/silu.h>
#include <c10/core/GradMode.h>

#include "ops/cpu/kernels.h"

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

}  // namespace

at::Tensor silu(const at::Tensor& x) {
  return takes_host_kernel(x) ? map(x, cpu::silu) : at::silu(x);
}

at::Tensor gelu_erf(const at::Tensor& x) {
  return takes_host_kernel(x) ? map(x, cpu::gelu_erf) : at::gelu(x);
}

at::Tensor gelu_tanh(const at::Tensor& x) {
  return takes_host_kernel(x) ? map(x, cpu::gelu_tanh) : at::gelu(x, "tanh");
}

at::Tensor group_norm(const at::Tensor& x, int64_t groups, const at::Tensor& weight,
                      const at::Tensor& bias, double eps, Activation activation) {
  const bool swish = activation == Activation::kSwish;
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
