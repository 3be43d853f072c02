// SPDX-License-Identifier: MIT
// Functions of the library's automatic differentiation over the host kernels.
#include "ops/recorded.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ops/cpu/elements.h"
#include "ops/cpu/kernels.h"
#include "ops/rows.h"

namespace svgen::ops::recorded {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

class GeluTanh : public torch::autograd::Function<GeluTanh> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input) {
    const at::Tensor x = input.contiguous(), y = at::empty_like(x);
    context->save_for_backward({x});
    with_element_type(x.scalar_type(), [&]<typename T>(T) {
      cpu::gelu_tanh(elements<T>(x), mutable_elements<T>(y), x.numel());
    });
    return y;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const at::Tensor x = context->get_saved_variables()[0];
    const at::Tensor y_gradient = gradients[0].contiguous(), x_gradient = at::empty_like(x);
    with_element_type(x.scalar_type(), [&]<typename T>(T) {
      cpu::gelu_tanh_gradient(elements<T>(x), elements<T>(y_gradient),
                              mutable_elements<T>(x_gradient), x.numel());
    });
    return {x_gradient};
  }
};

class GatedSumAndNorm : public torch::autograd::Function<GatedSumAndNorm> {
 public:
  static tensor_list forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& gate,
                             const at::Tensor& branch, const at::Tensor& shift,
                             const at::Tensor& scale, double eps, bool centred) {
    const at::Tensor input = x.contiguous(), added = branch.contiguous();
    const ImageRows gates = rows_of(gate), shifts = rows_of(shift), scales = rows_of(scale);
    const at::Tensor y = at::empty_like(input), normed = at::empty_like(added);
    with_element_type(added.scalar_type(), [&]<typename T>(T) {
      cpu::gated_sum(elements<float>(input), elements<T>(added), mutable_elements<float>(y),
                     token_shape(input), row_of(gates));
      cpu::modulated_layer_norm(elements<float>(y), mutable_elements<T>(normed), token_shape(y),
                                row_of(shifts), row_of(scales), 1, eps, centred);
    });
    context->save_for_backward({y, added, gates.rows, scales.rows});
    context->saved_data["eps"] = eps;
    context->saved_data["centred"] = centred;
    context->set_materialize_grads(false);
    return {y, normed};
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const tensor_list saved = context->get_saved_variables();
    const at::Tensor &y = saved[0], &branch = saved[1], &gate = saved[2], &scale = saved[3];
    const at::Tensor y_gradient = gradients[0].defined() ? gradients[0].contiguous() : gradients[0];
    const at::Tensor normed_gradient =
        gradients[1].defined() ? gradients[1].contiguous() : at::zeros_like(branch);
    const at::Tensor to_x = at::empty_like(y), to_branch = at::empty_like(branch);
    // (3, N, D): of gate, shift and scale
    const tensor_list parts = at::empty({3, y.size(0), y.size(2)}, y.options()).unbind();
    const auto rows = [&](size_t part) { return mutable_elements<float>(parts[part]); };
    with_element_type(branch.scalar_type(), [&]<typename T>(T) {
      const cpu::SumAndNormInput<T> from{
          .y = elements<float>(y),
          .branch = elements<T>(branch),
          .y_gradient = y_gradient.defined() ? elements<float>(y_gradient) : nullptr,
          .normed_gradient = elements<T>(normed_gradient),
          .gate = {elements<float>(gate), gate.stride(0)},
          .scale = {elements<float>(scale), scale.stride(0)},
          .eps = context->saved_data["eps"].toDouble(),
          .centred = context->saved_data["centred"].toBool()};
      cpu::gated_sum_and_norm_gradient(from, token_shape(y),
                                       {mutable_elements<float>(to_x),
                                        mutable_elements<T>(to_branch), rows(0), rows(1), rows(2)});
    });
    return {to_x, parts[0], to_branch, parts[1], parts[2], at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor gelu_tanh(const at::Tensor& x) {
  return GeluTanh::apply(x);
}

std::pair<at::Tensor, at::Tensor> gated_sum_and_norm(const at::Tensor& x, const at::Tensor& gate,
                                                     const at::Tensor& branch,
                                                     const at::Tensor& shift,
                                                     const at::Tensor& scale, double eps,
                                                     NormKind kind) {
  const tensor_list both =
      GatedSumAndNorm::apply(x, gate, branch, shift, scale, eps, kind == NormKind::kLayer);
  return {both[0], both[1]};
}

}  // namespace svgen::ops::recorded
