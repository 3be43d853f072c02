// SPDX-License-Identifier: MIT
// A set of feature vectors with its mean and covariance.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <vector>

#include "svgen/evaluation.h"

namespace svgen::eval {

/// Mean and scatter of `count` vectors, float64.
struct Moments {
  int64_t count = 0;
  at::Tensor mean;     // (C)
  at::Tensor scatter;  // (C, C): sum of (x - mean)(x - mean)^T

  at::Tensor covariance() const;  // (C, C)
};

Moments moments_of(const at::Tensor& vectors);  // (N, C)
Moments merged(const Moments& a, const Moments& b);

class PooledFeatures : public FeatureSet {
 public:
  /// ConfigurationError for a negative number.
  explicit PooledFeatures(int64_t kept);

  void add(const Tensor& features, std::span<const int64_t> labels) override;
  void merge(const std::filesystem::path& file) override;
  int64_t images() const override { return moments_.count; }
  void save(const std::filesystem::path& file) const override;

  const Moments& moments() const { return moments_; }
  at::Tensor vectors() const;  // (M, C) float32, the kept ones
  at::Tensor labels() const;   // (M) int64

 private:
  void check_length(int64_t channels) const;
  void take(const Moments& moments, const at::Tensor& vectors, const at::Tensor& labels);

  int64_t kept_;
  Moments moments_;
  int64_t held_ = 0;
  std::vector<at::Tensor> vectors_, labels_;
};

/// ShapeError when the vectors of the two sets have two lengths.
void check_one_encoder(int64_t reference_length, int64_t test_length);

/// `visit(block)` for blocks of rows, so that no matrix of all pairs has to fit into memory.
template <typename Visit>
void for_blocks(const at::Tensor& rows, Visit visit) {
  constexpr int64_t kRows = 1024;
  for (int64_t first = 0; first < rows.size(0); first += kRows)
    visit(rows.narrow(0, first, std::min(kRows, rows.size(0) - first)));
}

}  // namespace svgen::eval
