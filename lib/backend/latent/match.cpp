// SPDX-License-Identifier: MIT
// Distribution alignment: the residual features take the semantic features' averaged mean and
// deviation.
#include "latent/match.h"

#include <ATen/TensorOperators.h>

#include <cmath>
#include <string>
#include <vector>

#include "svgen/error.h"

namespace svgen::latent {

// A plain loop: LibTorch's reductions may split the sum by the number of threads.
Moments averaged_moments(const at::Tensor& tokens) {
  const at::Tensor host = tokens.to(at::kCPU, at::kFloat).contiguous();
  const int64_t channels = host.size(-1);
  const int64_t count = channels == 0 ? 0 : host.numel() / channels;
  if (count < 2) {
    throw ShapeError(
        "the deviation of fewer than two tokens does not exist",
        {.expected = "2 tokens or more", .found = std::to_string(count), .where = "alignment"});
  }
  const float* values = host.const_data_ptr<float>();
  std::vector<double> mean(channels, 0.0), squares(channels, 0.0);
  for (int64_t n = 0; n < count; ++n)
    for (int64_t c = 0; c < channels; ++c) mean[c] += values[n * channels + c];
  for (double& value : mean) value /= static_cast<double>(count);
  for (int64_t n = 0; n < count; ++n) {
    for (int64_t c = 0; c < channels; ++c) {
      const double centred = values[n * channels + c] - mean[c];
      squares[c] += centred * centred;
    }
  }
  Moments moments;
  for (int64_t c = 0; c < channels; ++c) {
    moments.mean += mean[c];
    moments.std += std::sqrt(squares[c] / static_cast<double>(count - 1));
  }
  moments.mean /= static_cast<double>(channels);
  moments.std /= static_cast<double>(channels);
  return moments;
}

AlignmentScalars alignment_scalars(const at::Tensor& semantic, const at::Tensor& residual) {
  const Moments target = averaged_moments(semantic);
  const Moments source = averaged_moments(residual);
  return {target.mean, target.std, source.mean, source.std};
}

double match_scale(const AlignmentScalars& scalars) {
  return scalars.semantic_std / (scalars.residual_std + kMatchEpsilon);
}

at::Tensor match_distribution(const at::Tensor& residual, const AlignmentScalars& scalars) {
  return (residual - scalars.residual_mean) * match_scale(scalars) + scalars.semantic_mean;
}

}  // namespace svgen::latent
