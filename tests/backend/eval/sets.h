// SPDX-License-Identifier: MIT
// Sets of feature vectors by a formula that other programs can compute too, and what they gave.
#pragma once

#include <cmath>
#include <vector>

#include "eval/pooled_features.h"
#include "interop/tensor.h"

namespace svgen::eval {

struct MadeSet {
  Tensor features;  // (count, 1, length) float64
  std::vector<int64_t> labels;
};

/// Makes set k: sines that differ between sets and depend on the class n mod 3.
inline MadeSet made_set(int64_t count, int64_t length, int k) {
  MadeSet set{Tensor::empty(DType::kFloat64, {count, 1, length}), {}};
  auto* next = set.features.data_as<double>();
  for (int64_t n = 0; n < count; ++n) {
    set.labels.push_back(n % 3);
    for (int64_t c = 0; c < length; ++c)
      *next++ = std::sin(0.37 * static_cast<double>((n + 1 + 1000 * k) * (c + 1)) + k) +
                0.3 * std::cos(1.7 * static_cast<double>(n * n) + static_cast<double>(c)) +
                0.35 * k + 0.6 * std::cos(2.1 * static_cast<double>((n % 3) * (c + 1)));
  }
  return set;
}

inline PooledFeatures pooled(const MadeSet& set, int64_t kept = 1000) {
  PooledFeatures features(kept);
  features.add(set.features, set.labels);
  return features;
}

/// Holds what scipy 1.17.1 and scikit-learn 1.9.1 gave for sets 0 (the reference) and 1 (the test):
/// frechet by linalg.sqrtm, kernel by polynomial_kernel(degree=3, coef0=1, gamma=1/length) without
/// the diagonals, precision and recall from NearestNeighbors; after StandardScaler,
/// KNeighborsClassifier(metric="cosine") and LogisticRegression(C=1, tol=1e-12).
struct PeerCase {
  int64_t references, tests, length, neighbours, votes;
  double frechet, kernel, precision, recall, knn, linear;
  std::vector<int64_t> confusion;
};

inline const PeerCase kPeerCases[] = {
    {60,
     40,
     5,
     3,
     10,
     0.7486215523485336,
     0.5982585877617979,
     1.0,
     0.8833333333333333,
     0.525,
     0.6,
     {14, 0, 0, 3, 6, 4, 4, 5, 4}},
    {300,
     200,
     8,
     3,
     10,
     0.9997608086760739,
     0.6885562336016235,
     0.1,
     0.06333333333333334,
     0.56,
     0.575,
     {67, 0, 0, 21, 28, 18, 23, 23, 20}},
    {50,
     120,
     40,
     5,
     5,
     23.447573460397535,
     0.9306795727038799,
     0.9583333333333334,
     0.72,
     0.425,
     0.8833333333333333,
     {40, 0, 0, 3, 37, 0, 8, 3, 29}},
};

}  // namespace svgen::eval
