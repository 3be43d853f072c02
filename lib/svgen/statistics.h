// SPDX-License-Identifier: MIT
// The statistics of latents, recorded from a stream of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "svgen/tensor.h"

namespace svgen {

/// Keeps the running sums behind svgstats. Sums are exact (fixed point), so shards merge in any
/// order to the same bits.
class StatisticsRecorder {
 public:
  virtual ~StatisticsRecorder() = default;

  static std::unique_ptr<StatisticsRecorder> create();

  /// Adds (N, T, Cs) and (N, T, Cr) float32, for the scalars and for mean and std of latents
  /// aligned with them. A recorder takes either features or latents, not both (ConfigurationError).
  virtual void add_features(const Tensor& semantic, const Tensor& residual) = 0;
  /// Adds (N, T, C) float32, for per-channel mean and std only.
  virtual void add_latents(const Tensor& latents) = 0;
  /// Adds the sums kept in a file that save() wrote.
  virtual void merge(const std::filesystem::path& file) = 0;
  virtual int64_t images() const = 0;
  /// Writes mean, std, scalars and the sums as safetensors, atomically. Needs two tokens at least.
  virtual void save(const std::filesystem::path& file) const = 0;
};

}  // namespace svgen
