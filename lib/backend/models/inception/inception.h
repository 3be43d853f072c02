// SPDX-License-Identifier: MIT
// The Inception network whose features the published Frechet distances use: Inception v3 (Szegedy
// et al., 2016) with the weights of 2015-12-05 ("pt_inception-2015-12-05-6726825d.pth"). Two things
// set these weights apart from the usual Inception v3: averages leave the padding out, and the last
// block takes a maximum where the others average.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "nn/state.h"

namespace svgen::models {

struct Inception {
  static constexpr int64_t kFeatures = 2048, kSide = 299;

  Inception();

  /// Visits frozen tensors only; the classifier ("fc", not used) and the counters of batches may be
  /// missing.
  void visit(const nn::StateScope& state);

  /// Pictures (N, 3, H, W) in [0, 1] of any size -> (N, 2048): scaled bilinearly to 299 x 299, then
  /// the mean over the positions of the last block.
  at::Tensor features(const at::Tensor& pictures) const;

  /// Convolution without bias, batch normalisation, ReLU: "<name>.conv", "<name>.bn".
  struct Unit {
    std::string name;
    int64_t in, out, height, width, stride = 1;
    bool padded = true;  // to the size that came in
    at::Tensor weight, gain, shift, mean, variance, batches;

    void visit(const nn::StateScope& state);
    at::Tensor operator()(const at::Tensor& x) const;
  };
  enum class Pool { kNone, kAverage, kMax, kHalve };  // 3 x 3; kHalve: the maximum, stride 2
  /// A pooling, units after one another, and `ends` side by side on what they give.
  struct Branch {
    Pool pool = Pool::kNone;
    std::vector<Unit> units, ends;
  };
  using Block = std::vector<Branch>;  // outputs are joined along the channels

  std::vector<Block> blocks;
  at::Tensor classifier_weight, classifier_bias;
};

}  // namespace svgen::models
