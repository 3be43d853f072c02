// SPDX-License-Identifier: MIT
// The two perceptual distances.
#include "train/perceptual.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/cosine_similarity.h>
#include <c10/core/GradMode.h>

#include <utility>

namespace svgen::train {
namespace {

constexpr int kScales = 3;
constexpr double kEdgeWeight = 0.25, kFeatureWeight = 0.4;

// Mean |d along `dim`| of a difference of pictures: (N).
at::Tensor edge(const at::Tensor& difference, int64_t dim) {
  const int64_t last = difference.size(dim) - 1;
  return (difference.narrow(dim, 1, last) - difference.narrow(dim, 0, last)).abs().mean({1, 2, 3});
}

at::Tensor edge_distance(const at::Tensor& target, const at::Tensor& reconstruction) {
  at::Tensor difference = reconstruction - target;  // taking edges is linear
  at::Tensor total = edge(difference, 2) + edge(difference, 3);
  for (int scale = 1; scale < kScales; ++scale) {
    difference = at::avg_pool2d(difference, {2, 2});
    total = total + edge(difference, 2) + edge(difference, 3);
  }
  return total;  // (N)
}

}  // namespace

PerceptualDistance lpips_distance(std::shared_ptr<const models::Lpips> lpips) {
  return [network = std::move(lpips)](const at::Tensor& target, const at::Tensor& reconstruction) {
    std::vector<at::Tensor> wanted;
    {
      const at::NoGradGuard constant;
      wanted = network->features(target);
    }
    return network->distance(wanted, network->features(reconstruction));
  };
}

PerceptualDistance feature_distance(const models::FeatureEncoder* encoder) {
  return [encoder](const at::Tensor& target, const at::Tensor& reconstruction) {
    const at::Tensor edges = kEdgeWeight * edge_distance(target, reconstruction);
    if (encoder == nullptr) return edges;
    const at::Tensor wanted = constant_features_of(*encoder, target);  // (N, T, D)
    const at::Tensor found = features_of(*encoder, reconstruction);
    const at::Tensor unlike = 1 - at::cosine_similarity(found, wanted, 2).mean(1);  // (N)
    return edges + kFeatureWeight * unlike;
  };
}

}  // namespace svgen::train
