// SPDX-License-Identifier: MIT
// Per-channel mean and deviation as exact running sums.
#include "latent/stats.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen::latent {
namespace {

constexpr double kUnitsPerOne = 0x1p64;
constexpr double kUnitLimit = 0x1p127;
// Squares of larger values would not fit; features and latents are of order one.
constexpr float kValueLimit = 0x1p31f;

[[noreturn]] void throw_overflow() {
  throw ConfigurationError(
      "the running statistics overflow: the values are too large or too many for them",
      {.expected = "sums below 2^63", .found = "a larger sum", .where = "statistics"});
}

void check_value(float value, int64_t token, int64_t channel) {
  if (std::abs(value) < kValueLimit) return;  // false for not-a-number, too
  throw ConfigurationError(
      "a value cannot enter the statistics: it is not finite or far too large",
      {.expected = "finite values below 2^31",
       .found = fixed_text(value),
       .where = "token " + std::to_string(token) + ", channel " + std::to_string(channel)});
}

}  // namespace

FixedSum::FixedSum(int64_t high, uint64_t low)
    : units_(static_cast<Int128>(high) * (static_cast<Int128>(1) << 64) +
             static_cast<Int128>(low)) {}

void FixedSum::add(double term) {
  const double units = std::nearbyint(term * kUnitsPerOne);
  if (!(std::abs(units) < kUnitLimit)) throw_overflow();
  if (__builtin_add_overflow(units_, static_cast<Int128>(units), &units_)) throw_overflow();
}

void FixedSum::add(const FixedSum& other) {
  if (__builtin_add_overflow(units_, other.units_, &units_)) throw_overflow();
}

long double FixedSum::value() const {
  return static_cast<long double>(units_) / static_cast<long double>(kUnitsPerOne);
}

void ChannelSums::add(const at::Tensor& tokens) {
  if (tokens.dim() < 1 || tokens.size(-1) != channels()) {
    throw ShapeError("the tokens do not fit the statistics they are added to",
                     {.expected = std::to_string(channels()) + " channels",
                      .found = std::to_string(tokens.dim() < 1 ? 0 : tokens.size(-1)),
                      .where = "statistics"});
  }
  if (tokens.numel() == 0) return;
  const at::Tensor host = tokens.to(at::kCPU, at::kFloat).contiguous();
  const float* values = host.const_data_ptr<float>();
  const int64_t width = channels();
  const int64_t added = host.numel() / width;
  for (int64_t i = 0; i < host.numel(); ++i) check_value(values[i], i / width, i % width);
  std::vector<Sums> updated = sums_;
  for (int64_t n = 0; n < added; ++n) {
    for (int64_t c = 0; c < width; ++c) {
      const double value = values[n * width + c];
      updated[c].values.add(value);
      updated[c].squares.add(value * value);  // exact: 24 bits squared fit into 53
    }
  }
  sums_ = std::move(updated);
  count_ += added;
}

void ChannelSums::merge(const ChannelSums& other) {
  if (other.channels() != channels()) {
    throw ShapeError("statistics of different channel counts cannot be merged",
                     {.expected = std::to_string(channels()) + " channels",
                      .found = std::to_string(other.channels()),
                      .where = "statistics"});
  }
  std::vector<Sums> updated = sums_;
  int64_t total = 0;
  for (size_t c = 0; c < updated.size(); ++c) {
    updated[c].values.add(other.sums_[c].values);
    updated[c].squares.add(other.sums_[c].squares);
  }
  if (__builtin_add_overflow(count_, other.count_, &total)) throw_overflow();
  sums_ = std::move(updated);
  count_ = total;
}

double ChannelSums::mean(int64_t channel) const {
  return static_cast<double>(sums_[channel].values.value() / static_cast<long double>(count_));
}

double ChannelSums::deviation(int64_t channel) const {
  const long double count = static_cast<long double>(count_);
  const long double sum = sums_[channel].values.value();
  const long double centred = sums_[channel].squares.value() - sum / count * sum;
  return static_cast<double>(std::sqrt(std::max(centred, 0.0L) / (count - 1)));
}

double ChannelSums::averaged_mean() const {
  double total = 0;
  for (int64_t c = 0; c < channels(); ++c) total += mean(c);
  return total / static_cast<double>(channels());
}

double ChannelSums::averaged_deviation() const {
  double total = 0;
  for (int64_t c = 0; c < channels(); ++c) total += deviation(c);
  return total / static_cast<double>(channels());
}

at::Tensor ChannelSums::words() const {
  at::Tensor words = at::empty({channels(), 4}, at::kLong);
  int64_t* out = words.mutable_data_ptr<int64_t>();
  for (const Sums& sums : sums_) {
    for (const FixedSum* sum : {&sums.values, &sums.squares}) {
      *out++ = sum->high();
      *out++ = static_cast<int64_t>(sum->low());
    }
  }
  return words;
}

ChannelSums ChannelSums::from_words(const at::Tensor& words, int64_t count) {
  if (words.dim() != 2 || words.size(1) != 4 || words.scalar_type() != at::kLong || count < 0) {
    throw ShapeError("these are no running sums of svgstats",
                     {.expected = "int64 words of shape (C, 4) and a count from 0 up",
                      .found = std::string(c10::toString(words.scalar_type())) + ", count " +
                               std::to_string(count),
                      .where = "statistics"});
  }
  ChannelSums result(words.size(0));
  result.count_ = count;
  const at::Tensor contiguous = words.contiguous();
  const int64_t* in = contiguous.const_data_ptr<int64_t>();
  for (Sums& sums : result.sums_) {
    for (FixedSum* sum : {&sums.values, &sums.squares}) {
      *sum = FixedSum(in[0], static_cast<uint64_t>(in[1]));
      in += 2;
    }
  }
  return result;
}

}  // namespace svgen::latent
