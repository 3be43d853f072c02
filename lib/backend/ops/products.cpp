// SPDX-License-Identifier: MIT
// Chooses the product: the host's own where the processor has its instructions; else the library's
// oneDNN products, which are registered with its dispatcher alone: twice as fast as its linear
// operator in float32 where that is MKL on a processor of another maker. Older versions of oneDNN
// cut a product at places that depend on the threads and on the number of rows; in their stead a
// host kernel computes that needs no packing.
#include "ops/products.h"

#include <ATen/Version.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/string_view.h>

#include <cstdio>
#include <optional>
#include <type_traits>

#include "ops/convolution.h"
#include "ops/cpu/elements.h"
#include "ops/cpu/kernels.h"
#include "ops/device.h"
#include "ops/ops.h"
#include "runtime/processor.h"

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
  return dtype == at::kFloat || (dtype == at::kBFloat16 && runtime::has_wide_vectors());
#else
  static_cast<void>(dtype);
  return false;
#endif
}

// Asks for the first version in which a row's sums were seen to be the same with any threads and
// beside any rows.
bool onednn_keeps_rows_apart() {
  static const bool keeps = [] {
    int major = 0, minor = 0;
    const std::string text = at::get_mkldnn_version();  // "Intel(R) MKL-DNN v3.12.0 (Git ...)"
    const size_t number = text.find(" v");
    return number != std::string::npos &&
           // NOLINTNEXTLINE(bugprone-unchecked-string-to-number-conversion): short known numbers
           std::sscanf(text.c_str() + number, " v%d.%d", &major, &minor) == 2 &&
           (major > 3 || (major == 3 && minor >= 12));
  }();
  return keeps;
}

bool kernel_computes_in(at::ScalarType dtype) {
#if defined(__x86_64__)
  return (dtype == at::kFloat || dtype == at::kBFloat16) && !onednn_keeps_rows_apart();
#else
  static_cast<void>(dtype);
  return false;
#endif
}

// A product of the host's own, with weights that are laid out for it.
template <typename T>
struct PackedProduct {
  int64_t (*weight_size)(int64_t in, int64_t out);
  void (*pack)(const T* w, int64_t in, int64_t out, T* packed);
  void (*multiply)(const T* x, const T* packed, const float* bias, const cpu::ProductShape& shape,
                   cpu::Activation activation, T* y);
};

// Null where the processor has none.
template <typename T>
const PackedProduct<T>* packed_product() {
  if constexpr (std::is_same_v<T, cpu::Bfloat16>) {
    static constexpr PackedProduct<T> kTiles = {cpu::tile_weight_size, cpu::pack_tile_weight,
                                                cpu::tile_product};
    if (cpu::has_tile_products()) return &kTiles;
  }
  static constexpr PackedProduct<T> kPanels = {cpu::panel_weight_size<T>, cpu::pack_panel_weight<T>,
                                               cpu::panel_product<T>};
  return cpu::has_panel_products<T>() ? &kPanels : nullptr;
}

bool packed_computes_in(at::ScalarType dtype) {
  if (dtype == at::kFloat) return packed_product<float>() != nullptr;
  return dtype == at::kBFloat16 && packed_product<cpu::Bfloat16>() != nullptr;
}

bool onednn_computes_in(at::ScalarType dtype) {
  return computes_in(dtype) && pointwise() && onednn_keeps_rows_apart();
}

// A packed weight has its sizes still, and the three dimensions that no other weight has.
at::Tensor packed(const at::Tensor& weight) {
  const int64_t out = weight.size(0), in = weight.size(1);
  at::Tensor numbers;
  with_element_type(weight.scalar_type(), [&]<typename T>(T) {
    const PackedProduct<T>& product = *packed_product<T>();
    numbers = at::empty({product.weight_size(in, out)}, weight.options());
    product.pack(elements<T>(weight), in, out, mutable_elements<T>(numbers));
  });
  return numbers.as_strided({out, in, 1}, {in, 1, 1});
}

at::Tensor by_packed(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     Epilogue epilogue) {
  const at::Tensor w = weight.dim() == 3 ? weight : packed(weight.contiguous());
  const at::Tensor rows = x.contiguous();
  const at::Tensor added = bias.defined() ? bias.to(at::kFloat).contiguous() : bias;
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = w.size(0);
  const at::Tensor y = at::empty(shape, x.options());
  const cpu::Activation activations[] = {nullptr, cpu::gelu_erf, cpu::gelu_tanh};
  with_element_type(w.scalar_type(), [&]<typename T>(T) {
    packed_product<T>()->multiply(elements<T>(rows), elements<T>(w),
                                  added.defined() ? elements<float>(added) : nullptr,
                                  {x.numel() / x.size(-1), w.size(1), w.size(0)},
                                  activations[static_cast<int>(epilogue)], mutable_elements<T>(y));
  });
  return y;
}

at::Tensor by_kernel(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const at::Tensor rows = x.contiguous(), columns = weight.contiguous();
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(0);
  const at::TensorOptions floats = x.options().dtype(at::kFloat);
  at::Tensor y = bias.defined() ? at::empty(shape, floats).copy_(bias) : at::zeros(shape, floats);
  with_element_type(weight.scalar_type(), [&]<typename T>(T) {
    cpu::add_row_products(elements<T>(rows), elements<T>(columns),
                          {x.numel() / x.size(-1), weight.size(1), weight.size(0)},
                          mutable_elements<float>(y));
  });
  return y;
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
  return packed_computes_in(dtype) || kernel_computes_in(dtype) || onednn_computes_in(dtype);
}

at::Tensor pack(const at::Tensor& weight) {
  static const auto reorder = find<Reorder>("mkldnn::_reorder_linear_weight");
  // cuDNN would turn a kernel into this layout at each call.
  if (weight.is_cuda() && weight.dim() == 4)
    return weight.contiguous(at::MemoryFormat::ChannelsLast);
  if (weight.dim() == 4 && weight.size(2) == 3) return with_taps_outermost(weight);
  if (weight.is_cpu() && packed_computes_in(weight.scalar_type()))
    return packed(weight.flatten(1).contiguous());
  if (!reorder || !weight.is_cpu() || !onednn_computes_in(weight.scalar_type())) return weight;
  return reorder->call(weight.flatten(1).contiguous(), kUsualRows);
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                  Epilogue epilogue) {
  if constexpr (device::kPresent)
    if (device::takes(weight) && epilogue == Epilogue::kGeluTanh && bias.defined())
      return device::linear_gelu_tanh(x, weight, bias);
  const at::ScalarType dtype = weight.scalar_type();
  const bool infers = x.is_cpu() && c10::InferenceMode::is_enabled() && x.numel() > 0;
  if (infers && packed_computes_in(dtype)) return by_packed(x, weight, bias, epilogue);
  if (infers && kernel_computes_in(dtype))
    return activated(by_kernel(x, weight, bias), epilogue).to(dtype);
  if (!infers || !onednn_computes_in(dtype))
    return activated(at::linear(x, weight, bias), epilogue);
  // A single row would be summed in another order than one among others.
  const bool alone = x.numel() == x.size(-1);
  const at::Tensor rows =
      alone ? at::cat({x.reshape({1, -1}), x.reshape({1, -1})}) : x.contiguous();
  const bool gelu = epilogue != Epilogue::kNone;
  at::Tensor y = pointwise()->call(rows, weight, optional(bias), gelu ? "gelu" : "none",
                                   c10::List<std::optional<at::Scalar>>(),
                                   epilogue == Epilogue::kGeluTanh ? "tanh" : "none");
  if (!alone) return y;
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = y.size(1);
  return y.narrow(0, 0, 1).view(shape);
}

}  // namespace svgen::ops
