// SPDX-License-Identifier: MIT
// Distances between two sets of feature vectors (formulas: svgen/evaluation.h).
#pragma once

#include "eval/pooled_features.h"

namespace svgen::eval {

SetDistance set_distance(const PooledFeatures& reference, const PooledFeatures& test,
                         int64_t neighbours);

// The parts, of vectors (N, C) float64.
double frechet_distance(const Moments& a, const Moments& b);
double kernel_distance(const at::Tensor& a, const at::Tensor& b);
/// Share of `points` inside the balls around `centres`.
double coverage(const at::Tensor& centres, const at::Tensor& points, int64_t neighbours);

}  // namespace svgen::eval
