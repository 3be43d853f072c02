// SPDX-License-Identifier: MIT
// The LPIPS distance.
#include "models/lpips/lpips.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>

#include "models/sizes.h"
#include "nn/linear.h"

namespace svgen::models {
namespace {

constexpr double kEps = 1e-10;

// VGG16: where each stage's convolutions stand in the published list of layers.
constexpr std::array<std::pair<size_t, size_t>, 5> kStages = {
    {{0, 2}, {5, 2}, {10, 3}, {17, 3}, {24, 3}}};  // first index, convolutions

// Divides by the library's own norm: the square root of a sum of squares has no gradient where a
// position has no feature at all, the norm has 0 there.
at::Tensor unit_length(const at::Tensor& x) {
  return x / (at::linalg_vector_norm(x, 2, {1}, /*keepdim=*/true) + kEps);
}

}  // namespace

Lpips::Lpips(const Widths& stage_widths) : widths(stage_widths) {
  int64_t in = 3;
  for (size_t stage = 0; stage < kStages.size(); ++stage) {
    const auto [first, count] = kStages[stage];
    for (size_t i = 0; i < count; ++i) {
      convs.push_back({in, widths[stage], stage, first + 2 * i, {}, {}});
      in = widths[stage];
    }
  }
}

Lpips::Widths Lpips::infer_widths(const weights::StateSource& source) {
  Widths widths;
  for (size_t stage = 0; stage < widths.size(); ++stage)
    widths[stage] = file_size(source, "lin" + std::to_string(stage) + ".model.1.weight", 4, 1);
  return widths;
}

void Lpips::visit(const nn::StateScope& state) {
  constexpr nn::SlotKind kFrozen = nn::SlotKind::kBuffer;
  state("scaling_layer.shift", shift, {1, 3, 1, 1}, kFrozen);
  state("scaling_layer.scale", scale, {1, 3, 1, 1}, kFrozen);
  for (Conv& conv : convs) {
    const nn::StateScope scope =
        state.child("net.slice" + std::to_string(conv.stage + 1), conv.index);
    scope("weight", conv.weight, {conv.out, conv.in, 3, 3}, kFrozen);
    scope("bias", conv.bias, {conv.out}, kFrozen);
  }
  for (size_t stage = 0; stage < lin.size(); ++stage)
    state("lin" + std::to_string(stage) + ".model.1.weight", lin[stage], {1, widths[stage], 1, 1},
          kFrozen);
}

std::vector<at::Tensor> Lpips::features(const at::Tensor& x) const {
  std::vector<at::Tensor> maps;
  at::Tensor h = (x - shift.to(x.scalar_type())) / scale.to(x.scalar_type());
  for (size_t i = 0; i < convs.size(); ++i) {
    const Conv& conv = convs[i];
    if (i > 0 && conv.stage != convs[i - 1].stage) h = at::max_pool2d(h, {2, 2});
    h = at::relu(at::conv2d(h.to(conv.weight.scalar_type()), conv.weight, conv.bias, {1, 1},
                            {1, 1}));  // (N, width, h, w)
    if (i + 1 == convs.size() || convs[i + 1].stage != conv.stage)
      maps.push_back(unit_length(h.to(nn::carried_dtype(conv.weight))));
  }
  return maps;
}

at::Tensor Lpips::distance(const std::vector<at::Tensor>& a,
                           const std::vector<at::Tensor>& b) const {
  at::Tensor total;
  for (size_t stage = 0; stage < lin.size(); ++stage) {
    const at::Tensor weight = lin[stage].to(a[stage].scalar_type());  // (1, C, 1, 1)
    const at::Tensor weighted =
        ((a[stage] - b[stage]).square() * weight).sum(1).mean({1, 2});  // (N)
    total = total.defined() ? total + weighted : weighted;
  }
  return total;
}

}  // namespace svgen::models
