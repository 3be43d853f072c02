// SPDX-License-Identifier: MIT
// The library's oneDNN products, which are registered with its dispatcher alone: twice as fast as
// its linear operator in float32 where that is MKL on a processor of another maker.
#include "ops/products.h"

#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/string_view.h>

#include <optional>

#include "ops/convolution.h"
#include "ops/device.h"
#include "ops/ops.h"

namespace svgen::ops {
namespace {

using Text = c10::string_view;
using Pointwise = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                             Text, c10::List<std::optional<at::Scalar>>, std::optional<Text>);
using Reorder = at::Tensor(const at::Tensor&, std::optional<int64_t>);
// Rows that a layout is chosen for: a picture's tokens and up.
constexpr int64_t kUsualRows = 256;

// Null in a library without oneDNN.
template <typename Signature>
std::optional<c10::TypedOperatorHandle<Signature>> find(const char* name) {
  const auto handle = c10::Dispatcher::singleton().findSchema({name, ""});
  if (!handle) return std::nullopt;
  return handle->typed<Signature>();
}

const auto& pointwise() {
  static const auto found = find<Pointwise>("mkldnn::_linear_pointwise");
  return found;
}

bool computes_in(at::ScalarType dtype) {
#if defined(__x86_64__)
  static const bool wide = __builtin_cpu_supports("avx512bw") &&
                           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  return dtype == at::kFloat || (dtype == at::kBFloat16 && wide);
#else
  static_cast<void>(dtype);
  return false;
#endif
}

bool takes_onednn(const at::Tensor& x, const at::Tensor& weight) {
  return x.is_cpu() && c10::InferenceMode::is_enabled() &&
         has_independent_rows(weight.scalar_type()) && x.numel() > 0;
}

std::optional<at::Tensor> optional(const at::Tensor& x) {
  return x.defined() ? std::optional(x) : std::nullopt;
}

at::Tensor activated(const at::Tensor& x, Epilogue epilogue) {
  if (epilogue == Epilogue::kNone) return x;
  return epilogue == Epilogue::kGeluTanh ? gelu_tanh(x) : gelu_erf(x);
}

}  // namespace

bool has_independent_rows(at::ScalarType dtype) {
  return computes_in(dtype) && pointwise();
}

at::Tensor pack(const at::Tensor& weight) {
  static const auto reorder = find<Reorder>("mkldnn::_reorder_linear_weight");
  // What cuDNN would turn a kernel into at each call.
  if (weight.is_cuda() && weight.dim() == 4)
    return weight.contiguous(at::MemoryFormat::ChannelsLast);
  if (weight.dim() == 4 && weight.size(2) == 3) return with_taps_outermost(weight);
  if (!reorder || !weight.is_cpu() || !has_independent_rows(weight.scalar_type())) return weight;
  return reorder->call(weight.flatten(1).contiguous(), kUsualRows);
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                  Epilogue epilogue) {
  if constexpr (device::kPresent)
    if (device::takes(weight) && epilogue == Epilogue::kGeluTanh && bias.defined())
      return device::linear_gelu_tanh(x, weight, bias);
  if (!takes_onednn(x, weight)) return activated(at::linear(x, weight, bias), epilogue);
  // A single row would be summed in another order than one among others.
  const bool alone = x.numel() == x.size(-1);
  const at::Tensor rows =
      alone ? at::cat({x.reshape({1, -1}), x.reshape({1, -1})}) : x.contiguous();
  const bool gelu = epilogue != Epilogue::kNone;
  const at::Tensor y = pointwise()->call(rows, weight, optional(bias), gelu ? "gelu" : "none",
                                         c10::List<std::optional<at::Scalar>>(),
                                         epilogue == Epilogue::kGeluTanh ? "tanh" : "none");
  if (!alone) return y;
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = y.size(1);
  return y.narrow(0, 0, 1).view(shape);
}

}  // namespace svgen::ops
