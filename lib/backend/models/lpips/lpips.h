// SPDX-License-Identifier: MIT
// LPIPS: the distance of two pictures in the features of VGG16, weighted by a learned layer each
// (Zhang et al., 2018).
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <vector>

#include "nn/state.h"
#include "weights/state_source.h"

namespace svgen::models {

struct Lpips {
  /// Channels behind each of the five stages of convolutions.
  using Widths = std::array<int64_t, 5>;
  static constexpr Widths kVgg16 = {64, 128, 256, 512, 512};

  explicit Lpips(const Widths& stage_widths = kVgg16);

  /// The widths in a file.
  static Widths infer_widths(const weights::StateSource& source);

  /// All frozen: no slot is a parameter.
  void visit(const nn::StateScope& state);

  /// Pictures (N, 3, H, W) in [-1, 1] -> the five maps of features, each of unit length over its
  /// channels.
  std::vector<at::Tensor> features(const at::Tensor& x) const;
  /// The weighted squared difference of two sets of features: (N).
  at::Tensor distance(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) const;

  struct Conv {
    int64_t in, out;
    size_t stage, index;  // "net.slice<stage + 1>.<index>"
    at::Tensor weight, bias;
  };
  Widths widths;
  at::Tensor shift, scale;  // (1, 3, 1, 1)
  std::vector<Conv> convs;
  std::array<at::Tensor, 5> lin;  // (1, width, 1, 1)
};

}  // namespace svgen::models
