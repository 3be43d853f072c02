// SPDX-License-Identifier: MIT
// From the library's tensors to the kernels of ops/cuda.
#include "ops/device.h"

#ifdef SVGEN_CUDA
#include <ATen/ops/_addmm_activation.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ops/cpu/elements.h"
#include "ops/cuda/kernels.h"
#include "svgen/error.h"

namespace svgen::ops::device {
namespace {

using cuda::Bfloat16;

// launch(stream) on the device and the current stream of x.
template <typename Launch>
void on_device_of(const at::Tensor& x, const char* kernel, const Launch& launch) {
  const c10::cuda::CUDAGuard guard(x.device());
  const cudaError_t error = launch(c10::cuda::getCurrentCUDAStream().stream());
  if (error == cudaSuccess) return;
  throw DeviceError(
      std::string("the kernel ") + kernel + " did not start: " + cudaGetErrorString(error),
      {"a launch", cudaGetErrorName(error), x.device().str()});
}

// One row for each image: a part of a wider matrix stays where it is.
struct Rows {
  explicit Rows(const at::Tensor& x)
      : tensor(x.scalar_type() == at::kFloat && x.stride(1) == 1 ? x
                                                                 : x.to(at::kFloat).contiguous()) {}

  cuda::ImageRows view() const { return {tensor.const_data_ptr<float>(), tensor.stride(0)}; }

  at::Tensor tensor;
};

cuda::TokenShape token_shape(const at::Tensor& x) {
  return {x.size(0), x.size(1), x.size(2)};
}

// Bare element pointers, null for an undefined tensor.
template <typename T>
const T* elements_or_null(const at::Tensor& x) {
  return x.defined() ? elements<T>(x) : nullptr;
}

at::Tensor with_dense_heads(const at::Tensor& x) {
  return x.stride(3) == 1 ? x : x.contiguous();
}

struct Head {
  at::Tensor x, y, weight, bias;
  double eps;
};

// In the dtype that decides both heads' kernel.
Head head_of(const at::Tensor& x, const HeadNorm& norm, at::ScalarType parameter) {
  return {with_dense_heads(x), at::empty(x.sizes(), x.options()),
          norm.weight.to(parameter).contiguous(), norm.bias.to(parameter).contiguous(), norm.eps};
}

template <typename T, typename Parameter>
cuda::HeadPart<T, Parameter> part_of(const Head& head) {
  return {elements<T>(head.x),
          {head.x.stride(0), head.x.stride(1), head.x.stride(2)},
          mutable_elements<T>(head.y),
          elements_or_null<Parameter>(head.weight),
          elements_or_null<Parameter>(head.bias),
          head.eps};
}

template <typename T>
cuda::PixelNumbers<T> numbers(const at::Tensor& x, T* data) {
  return {data, x.stride(0), x.stride(1), x.stride(2)};
}

// q and k, normalised, in one launch.
std::pair<at::Tensor, at::Tensor> normed_heads(const at::Tensor& q, const at::Tensor& k,
                                               const AttentionOptions& options) {
  const at::ScalarType stored = options.q_norm.weight.scalar_type();
  const at::ScalarType parameter = stored == at::kBFloat16 ? stored : at::kFloat;
  const Head queries = head_of(q, options.q_norm, parameter),
             keys = head_of(k, options.k_norm, parameter);
  const cpu::AttentionShape shape{q.size(0), q.size(1), q.size(2), q.size(3)};
  with_element_type(q.scalar_type(), [&]<typename T>(T) {
    with_element_type(parameter, [&]<typename Parameter>(Parameter) {
      const cuda::HeadParts<T, Parameter> parts = {
          {part_of<T, Parameter>(queries), part_of<T, Parameter>(keys)}, 2};
      on_device_of(q, "split_heads",
                   [&](cudaStream_t stream) { return cuda::split_heads(parts, shape, stream); });
    });
  });
  return {queries.y, keys.y};
}

}  // namespace

at::Tensor modulated_layer_norm(const at::Tensor& x, const at::Tensor& shift,
                                const at::Tensor& scale, double eps, at::ScalarType result) {
  const at::Tensor input = x.contiguous();
  const Rows shifts(shift), scales(scale);
  const at::Tensor y = at::empty(x.sizes(), x.options().dtype(result));
  with_element_type(result, [&]<typename Out>(Out) {
    on_device_of(x, "modulated_layer_norm", [&](cudaStream_t stream) {
      return cuda::modulated_layer_norm(elements<float>(input), mutable_elements<Out>(y),
                                        token_shape(x), shifts.view(), scales.view(), eps, stream);
    });
  });
  return y;
}

at::Tensor gated_sum(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& branch) {
  const at::Tensor input = x.contiguous(), added = branch.contiguous();
  const Rows gates(gate);
  const at::Tensor y = at::empty(x.sizes(), x.options());
  with_element_type(branch.scalar_type(), [&]<typename Branch>(Branch) {
    on_device_of(x, "gated_sum", [&](cudaStream_t stream) {
      return cuda::gated_sum(elements<float>(input), elements<Branch>(added),
                             mutable_elements<float>(y), token_shape(x), gates.view(), stream);
    });
  });
  return y;
}

std::pair<at::Tensor, at::Tensor> gated_sum_and_norm(const at::Tensor& x, const at::Tensor& gate,
                                                     const at::Tensor& branch,
                                                     const at::Tensor& shift,
                                                     const at::Tensor& scale, double eps,
                                                     at::ScalarType result) {
  const at::Tensor input = x.contiguous(), added = branch.contiguous();
  const Rows gates(gate), shifts(shift), scales(scale);
  const at::Tensor sum = at::empty(x.sizes(), x.options());
  const at::Tensor y = at::empty(x.sizes(), x.options().dtype(result));
  with_element_type(branch.scalar_type(), [&]<typename Branch>(Branch) {
    with_element_type(result, [&]<typename Out>(Out) {
      const cuda::NextNorm<Out> next{mutable_elements<Out>(y), shifts.view(), scales.view(), eps};
      on_device_of(x, "gated_sum_and_norm", [&](cudaStream_t stream) {
        return cuda::gated_sum_and_norm(elements<float>(input), elements<Branch>(added),
                                        mutable_elements<float>(sum), token_shape(x), gates.view(),
                                        next, stream);
      });
    });
  });
  return {sum, y};
}

at::Tensor group_norm(const at::Tensor& x, int64_t groups, const at::Tensor& weight,
                      const at::Tensor& bias, double eps, bool swish) {
  const at::Tensor input = x.contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor gains = weight.contiguous(), offsets = bias.contiguous();
  const at::Tensor y = at::empty_like(input);
  const cuda::GroupNormShape shape{x.size(0), x.size(2) * x.size(3), x.size(1), groups};
  const at::Tensor scratch = at::empty({static_cast<int64_t>(cuda::group_norm_scratch(shape))},
                                       x.options().dtype(at::kByte));
  with_element_type(x.scalar_type(), [&]<typename T>(T) {
    with_element_type(gains.scalar_type(), [&]<typename Parameter>(Parameter) {
      on_device_of(x, "group_norm", [&](cudaStream_t stream) {
        return cuda::group_norm(elements<T>(input), mutable_elements<T>(y), shape,
                                elements<Parameter>(gains), elements<Parameter>(offsets), eps,
                                swish, scratch.mutable_data_ptr(), stream);
      });
    });
  });
  return y;
}

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const AttentionOptions& options) {
  const bool normed = options.q_norm.weight.defined() && options.k_norm.weight.defined();
  const auto [queries, keys] = normed ? normed_heads(q, k, options) : std::pair(q, k);
  // The values are read where they lie in the product, a head at a time.
  const at::Tensor mixed = at::scaled_dot_product_attention(
      queries.to(options.product), keys.to(options.product), v.to(options.product), {}, 0, false,
      options.scale);                                           // (N, heads, T, head)
  return mixed.to(q.scalar_type()).transpose(1, 2).flatten(2);  // (N, T, heads * head)
}

at::Tensor linear_gelu_tanh(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  // On CUDA, and there alone, this operator's GELU is the tanh form.
  const at::Tensor y = at::_addmm_activation(bias, x.reshape({-1, x.size(-1)}), weight.t(), 1, 1,
                                             /*use_gelu=*/true);  // (rows, out)
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = y.size(1);
  return y.view(shape);
}

void read_levels(const PictureBytes& from, const at::Tensor& to, const LevelMap& map) {
  const auto* bytes = from.bytes.const_data_ptr<uint8_t>();
  const cuda::PixelBytes<const uint8_t> source = {
      {bytes + from.plane[0], bytes + from.plane[1], bytes + from.plane[2]}, from.row, from.pixel};
  cuda::LevelMap levels{map.divisor, {}, {}};
  std::copy_n(map.mean, 3, levels.mean);
  std::copy_n(map.deviation, 3, levels.deviation);
  with_element_type(to.scalar_type(), [&]<typename T>(T) {
    on_device_of(to, "read_levels", [&](cudaStream_t stream) {
      return cuda::read_levels(source, numbers<T>(to, mutable_elements<T>(to)),
                               {to.size(1), to.size(2)}, levels, stream);
    });
  });
}

at::Tensor levels(const at::Tensor& x) {
  const int64_t height = x.size(1), width = x.size(2);
  const at::Tensor y = at::empty(x.sizes(), x.options().dtype(at::kByte));
  auto* bytes = y.mutable_data_ptr<uint8_t>();
  const cuda::PixelBytes<uint8_t> target = {
      {bytes, bytes + height * width, bytes + 2 * height * width}, width, 1};
  with_element_type(x.scalar_type(), [&]<typename T>(T) {
    on_device_of(x, "write_levels", [&](cudaStream_t stream) {
      return cuda::write_levels(numbers<const T>(x, elements<T>(x)), target, {height, width},
                                stream);
    });
  });
  return y;
}

}  // namespace svgen::ops::device
#endif
