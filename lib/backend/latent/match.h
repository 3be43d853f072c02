// SPDX-License-Identifier: MIT
// Distribution alignment: the residual features take the semantic features' averaged mean and
// deviation.
#pragma once

#include <ATen/core/Tensor.h>

#include "svgen/card.h"

namespace svgen::latent {

/// Added to the residual deviation after it was averaged.
inline constexpr double kMatchEpsilon = 1e-6;

/// Two scalars of a feature map: means over channels of the per-channel mean and of the per-channel
/// unbiased deviation over all images and tokens.
struct Moments {
  double mean = 0;
  double std = 0;
};

/// Returns the moments of tokens (N, T, C), summed on the host in a fixed order, in double.
/// ShapeError with fewer than two tokens, whose deviation does not exist.
Moments averaged_moments(const at::Tensor& tokens);

/// The four scalars of semantic (N, T, Cs) and residual (N, T, Cr) features.
AlignmentScalars alignment_scalars(const at::Tensor& semantic, const at::Tensor& residual);

/// sigma_D / (sigma_R + epsilon): how much the alignment stretches a residual channel.
double match_scale(const AlignmentScalars& scalars);

/// (residual - mu_R) / (sigma_R + epsilon) * sigma_D + mu_D, in residual's dtype.
at::Tensor match_distribution(const at::Tensor& residual, const AlignmentScalars& scalars);

}  // namespace svgen::latent
