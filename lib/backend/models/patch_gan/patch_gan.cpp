// SPDX-License-Identifier: MIT
// The PatchGAN discriminator.
#include "models/patch_gan/patch_gan.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/full.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/rsqrt.h>
#include <c10/core/GradMode.h>

#include "models/sizes.h"
#include "nn/linear.h"
#include "svgen/error.h"
#include "svgen/tensor.h"

namespace svgen::models {
namespace {

constexpr double kMomentum = 0.1, kEps = 1e-5, kSlope = 0.2;
constexpr int64_t kKernel = 4, kSmallest = 32;
constexpr int64_t kConvIndices[] = {0, 2, 5, 8, 11}, kNormIndices[] = {3, 6, 9};

using enum nn::InitialWeights;
constexpr nn::InitialWeightsRule kInitialWeights[] = {
    {"num_batches_tracked", "", kZeros},
    {"running_mean", "", kZeros},
    {"running_var", "", kOnes},
    {"main.3.", "weight", kNormal, 0.02, 1},
    {"main.6.", "weight", kNormal, 0.02, 1},
    {"main.9.", "weight", kNormal, 0.02, 1},
    {"main.3.", "bias", kZeros},
    {"main.6.", "bias", kZeros},
    {"main.9.", "bias", kZeros},
    {"", "weight", kNormal, 0.02},
    {"", "bias", kFanInUniform},
};

// (1, C, 1, 1)
at::Tensor per_channel(const at::Tensor& x) {
  return x.view({1, -1, 1, 1});
}

}  // namespace

const std::span<const nn::InitialWeightsRule> kPatchGanInitialWeights = kInitialWeights;

void BatchNorm::visit(const nn::StateScope& state) {
  state("weight", weight, {channels});
  state("bias", bias, {channels});
  state("running_mean", running_mean, {channels}, nn::SlotKind::kBuffer);
  state("running_var", running_var, {channels}, nn::SlotKind::kBuffer);
  state("num_batches_tracked", num_batches_tracked, {}, nn::SlotKind::kBuffer);
}

at::Tensor BatchNorm::operator()(const at::Tensor& x, const SumOverProcesses& sum) {
  num_batches_tracked.add_(1);
  const at::Tensor scale = weight.to(x.scalar_type()), shift = bias.to(x.scalar_type());
  if (!sum) {
    return at::batch_norm(x, scale, shift, running_mean, running_var, /*training=*/true, kMomentum,
                          kEps, /*cudnn_enabled=*/true);
  }
  const int64_t own = x.numel() / channels;
  const double count = sum(at::full({1}, static_cast<double>(own), x.options())).item<double>();
  const at::Tensor mean = sum(x.sum({0, 2, 3})) / count;  // (C)
  const at::Tensor centred = x - per_channel(mean);
  const at::Tensor variance = sum(centred.square().sum({0, 2, 3})) / count;  // (C)
  {
    const at::NoGradGuard no_grad;
    running_mean.lerp_(mean, kMomentum);
    running_var.lerp_(variance * (count / (count - 1)), kMomentum);
  }
  return centred * per_channel(at::rsqrt(variance + kEps) * scale) + per_channel(shift);
}

PatchGan::PatchGan(int64_t filters) {
  const int64_t widths[] = {3, filters, 2 * filters, 4 * filters, 8 * filters, 1};
  constexpr int64_t kStrides[] = {2, 2, 2, 1, 1};
  for (size_t i = 0; i < std::size(kStrides); ++i) {
    const bool outer = i == 0 || i + 1 == std::size(kStrides);
    convs.push_back({widths[i], widths[i + 1], kStrides[i], outer, {}, {}});
    if (!outer) norms.emplace_back(widths[i + 1]);
  }
}

int64_t PatchGan::infer_filters(const weights::StateSource& source) {
  return file_size(source, "main.0.weight", 4, 0);
}

void PatchGan::visit(const nn::StateScope& state) {
  for (size_t i = 0; i < convs.size(); ++i) {
    Conv& conv = convs[i];
    const nn::StateScope scope = state.child("main", kConvIndices[i]);
    scope("weight", conv.weight, {conv.out, conv.in, kKernel, kKernel});
    if (conv.has_bias) scope("bias", conv.bias, {conv.out});
  }
  for (size_t i = 0; i < norms.size(); ++i) norms[i].visit(state.child("main", kNormIndices[i]));
}

at::Tensor PatchGan::forward(const at::Tensor& x, const SumOverProcesses& sum) {
  if (x.dim() != 4 || x.size(2) < kSmallest || x.size(3) < kSmallest)
    throw ShapeError(
        "the discriminator needs larger pictures: leave it out "
        "(discriminator-weight=0) or train at another size",
        {.expected = "(N, 3, H, W) with H and W from " + std::to_string(kSmallest),
         .found = shape_text(x.sizes().vec())});
  at::Tensor h = x;
  for (size_t i = 0; i < convs.size(); ++i) {
    const Conv& conv = convs[i];
    h = at::conv2d(h.to(conv.weight.scalar_type()), conv.weight, conv.bias,
                   {conv.stride, conv.stride}, {1, 1})
            .to(nn::carried_dtype(conv.weight));  // (N, out, h, w)
    if (i > 0 && i <= norms.size()) h = norms[i - 1](h, sum);
    if (i + 1 < convs.size()) h = at::leaky_relu(h, kSlope);
  }
  return h;  // (N, 1, h, w)
}

}  // namespace svgen::models
