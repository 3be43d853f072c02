// SPDX-License-Identifier: MIT
// A set of feature vectors with its mean and covariance.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "svgen/evaluation.h"
#include "weights/state_source.h"

namespace svgen::eval {

/// Mean and scatter of `count` vectors, float64.
struct Moments {
  int64_t count = 0;
  at::Tensor mean;     // (C)
  at::Tensor scatter;  // (C, C): sum of (x - mean)(x - mean)^T

  at::Tensor covariance() const;  // (C, C)
};

/// The count of statistics that do not tell it: their scatter is the covariance.
inline constexpr int64_t kUnknownCount = -1;

Moments moments_of(const at::Tensor& vectors);  // (N, C)
Moments merged(const Moments& a, const Moments& b);

/// Vectors and what is known of their images.
struct FeatureRows {
  at::Tensor vectors;  // (N, C)
  at::Tensor labels;   // (N) int64
  at::Tensor indices;  // (N) int64
};

class PooledFeatures : public FeatureSet {
 public:
  /// ConfigurationError for a negative number.
  explicit PooledFeatures(int64_t kept);

  void add(const Tensor& features, std::span<const int64_t> labels,
           std::span<const int64_t> indices = {}) override;
  void add_rows(const FeatureRows& rows);  // of float64
  void merge(const std::filesystem::path& file) override;
  int64_t images() const override { return count_; }
  void save(const std::filesystem::path& file) const override;

  Moments moments() const;
  at::Tensor vectors() const { return kept_rows().vectors; }  // (M, C) float32, the kept ones
  at::Tensor labels() const { return kept_rows().labels; }    // (M) int64

 protected:
  FeatureRows kept_rows() const;
  const std::vector<FeatureRows>& rows() const { return rows_; }

 private:
  virtual at::ScalarType kept_dtype() const { return at::kFloat; }
  void check_length(int64_t channels) const;
  void check_countable(const std::string& file) const;
  void keep(const FeatureRows& rows);
  void add_to_moments(const at::Tensor& vectors);
  void merge_statistics(const weights::StateSource& source);

  int64_t kept_, count_ = 0;
  Moments moments_;                // of whole blocks of images, and of files
  std::vector<at::Tensor> block_;  // (n, C) float64, not in moments_ yet
  int64_t in_block_ = 0, held_ = 0;
  std::vector<FeatureRows> rows_;
};

/// One of several processes' images.
class FeaturePart : public PooledFeatures {
 public:
  FeaturePart();

  void merge(const std::filesystem::path& file) override;
  void save(const std::filesystem::path& file) const override;

 private:
  at::ScalarType kept_dtype() const override { return at::kDouble; }
};

/// FeatureSet::join.
std::unique_ptr<PooledFeatures> join_parts(int64_t kept,
                                           std::span<const std::filesystem::path> parts);

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
