// SPDX-License-Identifier: MIT
// Simple classifiers on feature vectors (formulas: svgen/evaluation.h).
#pragma once

#include "eval/pooled_features.h"

namespace svgen::eval {

ProbeResult probe(const PooledFeatures& reference, const PooledFeatures& test,
                  const ProbeOptions& options);

/// Vectors (N, C) float64 and their classes (N) int64.
struct Labelled {
  at::Tensor vectors, labels;
};

/// The class of each test vector (M) int64.
at::Tensor nearest_neighbours(const Labelled& reference, const at::Tensor& test, int64_t classes,
                              int64_t neighbours);
at::Tensor logistic_regression(const Labelled& reference, const at::Tensor& test, int64_t classes,
                               double regularization);

}  // namespace svgen::eval
