// SPDX-License-Identifier: MIT
// Per-channel mean and deviation as exact running sums: any order and any sharding of the same
// tokens gives the same bits.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace svgen::latent {

/// A sum of doubles in 128-bit fixed point, units of 2^-64: each term is rounded once to a unit,
/// additions are exact and so commute. Holds magnitudes below 2^63.
class FixedSum {
 public:
  FixedSum() = default;
  FixedSum(int64_t high, uint64_t low);

  /// ConfigurationError when the term or the sum leaves the range.
  void add(double term);
  void add(const FixedSum& other);

  long double value() const;
  int64_t high() const { return static_cast<int64_t>(units_ >> 64); }
  uint64_t low() const { return static_cast<uint64_t>(units_); }
  bool operator==(const FixedSum&) const = default;

 private:
  __extension__ using Int128 = __int128;
  Int128 units_ = 0;
};

/// Sums of x and x^2 over the tokens of a feature map, per channel.
class ChannelSums {
 public:
  ChannelSums() = default;
  explicit ChannelSums(int64_t channels) : sums_(channels) {}

  int64_t channels() const { return static_cast<int64_t>(sums_.size()); }
  int64_t count() const { return count_; }  // tokens

  /// tokens (N, T, C) of any float dtype on any device. All or nothing: ShapeError for another C,
  /// ConfigurationError for a value that is not finite or beyond 2^31.
  void add(const at::Tensor& tokens);
  void merge(const ChannelSums& other);

  double mean(int64_t channel) const;
  /// Unbiased. Needs two tokens.
  double deviation(int64_t channel) const;
  double averaged_mean() const;
  double averaged_deviation() const;

  /// (C, 4) int64: high and low words of the sums of x, then of x^2.
  at::Tensor words() const;
  /// The reverse. ShapeError for another shape or dtype or a negative count.
  static ChannelSums from_words(const at::Tensor& words, int64_t count);

 private:
  struct Sums {
    FixedSum values, squares;
  };
  std::vector<Sums> sums_;
  int64_t count_ = 0;
};

}  // namespace svgen::latent
