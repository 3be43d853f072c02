// SPDX-License-Identifier: MIT
// Chooses between the host kernel and the library's operator.
#include "ops/convolution.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/upsample_nearest2d.h>

#include "ops/cpu/elements.h"
#include "ops/cpu/kernels.h"
#include "ops/device.h"
#include "ops/ops.h"

namespace svgen::ops {
namespace {

at::Tensor channels_last(const at::Tensor& x) {
  return x.to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor by_winograd(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       const ConvolutionOptions& options) {
  const int64_t scale = options.doubles ? 2 : 1;
  const cpu::WinogradShape shape{.images = x.size(0),
                                 .height = scale * x.size(2),
                                 .width = scale * x.size(3),
                                 .in = x.size(1),
                                 .out = weight.size(0),
                                 .doubles = options.doubles};
  const at::Tensor kernels =
      at::empty({cpu::winograd_kernels_size(shape.in, shape.out)}, x.options().dtype(at::kFloat));
  const at::Tensor taps = with_taps_outermost(weight);
  with_element_type(weight.scalar_type(), [&]<typename W>(W) {
    cpu::winograd_kernels(elements<W>(taps), shape.in, shape.out, mutable_elements<float>(kernels));
  });
  const at::Tensor input = channels_last(x), offset = bias.to(at::kFloat).contiguous();
  const at::Tensor added = options.added.defined() ? channels_last(options.added) : at::Tensor();
  const at::Tensor y =
      at::empty({shape.images, shape.height, shape.width, shape.out}, input.options());
  cpu::winograd_convolution(
      elements<float>(input), elements<float>(kernels), elements<float>(offset),
      added.defined() ? elements<float>(added) : nullptr, shape, mutable_elements<float>(y));
  return y.permute({0, 3, 1, 2});
}

}  // namespace

at::Tensor conv2d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                  const ConvolutionOptions& options) {
  if (weight.size(2) == 3 && runs_on_host(x) && runs_on_host(weight) && x.numel() > 0)
    return by_winograd(x, weight, bias, options);
  at::Tensor input = x.to(weight.scalar_type());
  if constexpr (device::kPresent)
    if (device::takes(input) && device::takes(weight))
      return device::conv2d(input, weight, bias, options);
  const int64_t padding = weight.size(2) / 2;
  if (options.doubles) input = at::upsample_nearest2d(input, {2 * x.size(2), 2 * x.size(3)});
  const at::Tensor y = at::conv2d(input, weight, bias, {1, 1}, {padding, padding});
  return options.added.defined() ? y + options.added : y;
}

at::Tensor with_taps_outermost(const at::Tensor& weight) {
  return weight.permute({2, 3, 1, 0}).contiguous().permute({3, 2, 0, 1});
}

}  // namespace svgen::ops
