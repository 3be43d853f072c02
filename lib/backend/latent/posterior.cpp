// SPDX-License-Identifier: MIT
// Gaussian latents.
#include "latent/posterior.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/exp.h>

namespace svgen::latent {

at::Tensor Posterior::sample(const at::Tensor& noise) const {
  return mean + at::exp(log_variance * 0.5) * noise;  // (N, T, C)
}

Posterior posterior_of(const at::Tensor& moments) {
  constexpr double kLeastLog = -30, kMostLog = 20;
  const int64_t channels = moments.size(2) / 2;
  return {moments.narrow(2, 0, channels),
          at::clamp(moments.narrow(2, channels, channels), kLeastLog, kMostLog)};
}

}  // namespace svgen::latent
