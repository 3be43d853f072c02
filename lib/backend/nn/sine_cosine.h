// SPDX-License-Identifier: MIT
// The fixed sine-cosine features: the 2-D position table and the features of the time.
#pragma once

#include <ATen/core/Tensor.h>

namespace svgen::nn {

/// (1, height * width, D) float32, computed in float64: channels 0 .. D/2 encode the column, the
/// rest the row, each half D/4 sines then D/4 cosines of position * 10000^(-k / (D/4)).
/// ShapeError unless D is a positive multiple of 4.
at::Tensor position_table(int64_t height, int64_t width, int64_t channels);

/// [cos(t f), sin(t f)] with f_k = 10000^(-k / (size/2)) for times t (N), not scaled.
/// Returns float32 (N, size).
at::Tensor time_features(const at::Tensor& t, int64_t size);

}  // namespace svgen::nn
