// SPDX-License-Identifier: MIT
// Calls the kernels of ops/cuda with the library's tensors.
#include "ops/device.h"

#ifdef SVGEN_CUDA
#include <ATen/ops/_addmm_activation.h>
#include <ATen/ops/conv2d.h>
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
      {.expected = "a launch", .found = cudaGetErrorName(error), .where = x.device().str()});
}

// One row for each image, or none: a part of a wider matrix stays where it is.
struct Rows {
  explicit Rows(const at::Tensor& x) : tensor(x) {
    const bool fits = !x.defined() || (x.scalar_type() == at::kFloat && x.stride(1) == 1);
    if (!fits) tensor = x.to(at::kFloat).contiguous();
  }

  cuda::ImageRows view() const {
    if (!tensor.defined()) return {nullptr, 0};
    return {tensor.const_data_ptr<float>(), tensor.stride(0)};
  }

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

// Converts the norm's parameters to the dtype that decides both heads' kernel.
Head head_of(const at::Tensor& x, const HeadNorm& norm, at::ScalarType parameter) {
  const auto in_parameter = [&](const at::Tensor& p) {
    return p.defined() ? p.to(parameter).contiguous() : p;
  };
  // The memory is (N, T, heads, head), which the fused attention keeps in its result.
  const at::Tensor y = at::empty({x.size(0), x.size(2), x.size(1), x.size(3)}, x.options());
  return {with_dense_heads(x), y, in_parameter(norm.weight), in_parameter(norm.bias), norm.eps};
}

template <typename T, typename Parameter>
cuda::HeadPart<T, Parameter> part_of(const Head& head, const HeadRotation& rotation) {
  return {elements<T>(head.x),
          {head.x.stride(0), head.x.stride(1), head.x.stride(2)},
          mutable_elements<T>(head.y),
          elements_or_null<Parameter>(head.weight),
          elements_or_null<Parameter>(head.bias),
          head.eps,
          {elements_or_null<float>(rotation.sin), elements_or_null<float>(rotation.cos),
           rotation.prefix}};
}

template <typename T>
cuda::PixelNumbers<T> numbers(const at::Tensor& x, T* data) {
  return {data, x.stride(0), x.stride(1), x.stride(2)};
}

// q and k, normalised and turned, in one launch.
std::pair<at::Tensor, at::Tensor> prepared_heads(const at::Tensor& q, const at::Tensor& k,
                                                 const AttentionOptions& options) {
  const bool narrow =
      options.q_norm.weight.defined() && options.q_norm.weight.scalar_type() == at::kBFloat16;
  const at::ScalarType parameter = narrow ? at::kBFloat16 : at::kFloat;
  const Head queries = head_of(q, options.q_norm, parameter),
             keys = head_of(k, options.k_norm, parameter);
  const cpu::AttentionShape shape{q.size(0), q.size(1), q.size(2), q.size(3)};
  with_element_type(q.scalar_type(), [&]<typename T>(T) {
    with_element_type(parameter, [&]<typename Parameter>(Parameter) {
      const cuda::HeadParts<T, Parameter> parts = {
          {part_of<T, Parameter>(queries, options.rotation),
           part_of<T, Parameter>(keys, options.rotation)},
          2};
      on_device_of(q, "split_heads",
                   [&](cudaStream_t stream) { return cuda::split_heads(parts, shape, stream); });
    });
  });
  return {queries.y.transpose(1, 2), keys.y.transpose(1, 2)};  // (N, heads, T, head)
}

// (N, C, H, W) -> (N, C, 2H, 2W), both channels-last.
at::Tensor doubled(const at::Tensor& x) {
  const cuda::PictureShape shape{x.size(0), x.size(2), x.size(3), x.size(1)};
  const at::Tensor y = at::empty({shape.images, shape.channels, 2 * shape.height, 2 * shape.width},
                                 x.options().memory_format(at::MemoryFormat::ChannelsLast));
  with_element_type(x.scalar_type(), [&]<typename T>(T) {
    on_device_of(x, "double_size", [&](cudaStream_t stream) {
      return cuda::double_size(elements<T>(x), mutable_elements<T>(y), shape, stream);
    });
  });
  return y;
}

}  // namespace

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& shift, const at::Tensor& scale,
                      float base, double eps, at::ScalarType result, bool centred) {
  const at::Tensor input = x.contiguous();
  const Rows shifts(shift), scales(scale);
  const at::Tensor y = at::empty(x.sizes(), x.options().dtype(result));
  with_element_type(result, [&]<typename Out>(Out) {
    const cuda::RowNorm<Out> norm{
        mutable_elements<Out>(y), shifts.view(), scales.view(), base, eps, centred};
    on_device_of(x, "layer_norm", [&](cudaStream_t stream) {
      return cuda::layer_norm(elements<float>(input), token_shape(x), norm, stream);
    });
  });
  return y;
}

at::Tensor silu_product(const at::Tensor& x, const at::Tensor& y) {
  const at::Tensor z = at::empty_like(x);
  with_element_type(x.scalar_type(), [&]<typename T>(T) {
    on_device_of(x, "silu_product", [&](cudaStream_t stream) {
      return cuda::silu_product(elements<T>(x), elements<T>(y), mutable_elements<T>(z), x.numel(),
                                stream);
    });
  });
  return z;
}

at::Tensor silu_halves(const at::Tensor& x) {
  std::vector<int64_t> shape = x.sizes().vec();
  const int64_t half = shape.back() /= 2;
  const at::Tensor z = at::empty(shape, x.options());
  with_element_type(x.scalar_type(), [&]<typename T>(T) {
    on_device_of(x, "silu_halves", [&](cudaStream_t stream) {
      return cuda::silu_halves(elements<T>(x), mutable_elements<T>(z), z.numel() / half, half,
                               stream);
    });
  });
  return z;
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
                                                     at::ScalarType result, bool centred) {
  const at::Tensor input = x.contiguous(), added = branch.contiguous();
  const Rows gates(gate), shifts(shift), scales(scale);
  const at::Tensor sum = at::empty(x.sizes(), x.options());
  const at::Tensor y = at::empty(x.sizes(), x.options().dtype(result));
  with_element_type(branch.scalar_type(), [&]<typename Branch>(Branch) {
    with_element_type(result, [&]<typename Out>(Out) {
      const cuda::RowNorm<Out> norm{
          mutable_elements<Out>(y), shifts.view(), scales.view(), 1, eps, centred};
      on_device_of(x, "gated_sum_and_norm", [&](cudaStream_t stream) {
        return cuda::gated_sum_and_norm(elements<float>(input), elements<Branch>(added),
                                        mutable_elements<float>(sum), token_shape(x), gates.view(),
                                        norm, stream);
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

at::Tensor conv2d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                  const ConvolutionOptions& options) {
  constexpr auto kLayout = at::MemoryFormat::ChannelsLast;
  const int64_t padding = weight.size(2) / 2;
  const at::Tensor input = options.doubles ? doubled(x.contiguous(kLayout)) : x;
  // The library would add the bias in a pass of its own.
  const at::Tensor y =
      at::conv2d(input, weight, {}, {1, 1}, {padding, padding}).contiguous(kLayout);
  const at::Tensor offset = bias.to(y.scalar_type()).contiguous();
  const at::Tensor added = options.added.defined()
                               ? options.added.to(y.scalar_type()).contiguous(kLayout)
                               : at::Tensor();
  with_element_type(y.scalar_type(), [&]<typename T>(T) {
    on_device_of(y, "add_channels", [&](cudaStream_t stream) {
      return cuda::add_channels(mutable_elements<T>(y), elements<T>(offset),
                                elements_or_null<T>(added), y.numel() / y.size(1), y.size(1),
                                stream);
    });
  });
  return y;
}

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const AttentionOptions& options) {
  const bool changes = options.q_norm.weight.defined() || options.rotation.sin.defined();
  const auto [queries, keys] = changes ? prepared_heads(q, k, options) : std::pair(q, k);
  // The values are read where they lie in the product, a head at a time.
  const at::Tensor mixed = at::scaled_dot_product_attention(
      queries.to(options.product), keys.to(options.product), v.to(options.product), {}, 0, false,
      options.scale);                                           // (N, heads, T, head)
  return mixed.to(q.scalar_type()).transpose(1, 2).flatten(2);  // (N, T, heads * head)
}

at::Tensor linear_gelu_tanh(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  // This operator's GELU is the tanh form on CUDA, and there alone.
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
