// SPDX-License-Identifier: MIT
// The Gaussian that an encoder gives for each cell (Rombach et al., 2022, section 3.1).
#pragma once

#include <ATen/core/Tensor.h>

namespace svgen::latent {

/// (N, T, C) each.
struct Posterior {
  at::Tensor mean, log_variance;

  /// mean + deviation noise.
  at::Tensor sample(const at::Tensor& noise) const;
};

/// Of moments (N, T, 2C): means, then logarithms of variances, which are kept in -30 .. 20 as
/// published.
Posterior posterior_of(const at::Tensor& moments);

}  // namespace svgen::latent
