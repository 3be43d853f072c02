// SPDX-License-Identifier: MIT
// The sizes of a model from its card and its file: each is read from the file's shapes and, where
// the card gives it too, compared.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "weights/state_source.h"

namespace svgen::models {

/// Dimension `dim` of a tensor; WeightsError when the tensor is missing, has not `rank` dimensions
/// or one of them is 0.
int64_t file_size(const weights::StateSource& source, const std::string& tensor, size_t rank,
                  size_t dim);

bool file_has(const weights::StateSource& source, const std::string& tensor);

/// Counts the prefixes prefix0., prefix1., ... that some tensor's name starts with, without a gap.
int64_t file_count(const weights::StateSource& source, const std::string& prefix);

/// The card's size, else the preset's; 0 when both leave it out.
inline int64_t given_or(int64_t of_card, int64_t of_preset) {
  return of_card != 0 ? of_card : of_preset;
}

/// Names the sizes that a card leaves out.
class MissingKeys {
 public:
  /// `value` is what the card and its preset give: 0 or less when they leave it out.
  void require(const std::string& key, int64_t value);
  const std::string& text() const { return text_; }  // "grid, encoder.width"; empty: all are there

 private:
  std::string text_;
};

/// Collects the contradictions between a part of the card and its file.
class SizeCheck {
 public:
  SizeCheck(std::string role, const weights::StateSource& source);

  /// The file's size. Notes a contradiction when the card's, unless it is 0 (left out), differs.
  int64_t settle(const std::string& key, int64_t card, int64_t file);
  bool settle_flag(const std::string& key, bool card, bool file);
  std::vector<int64_t> settle(const std::string& key, const std::vector<int64_t>& card,
                              const std::vector<int64_t>& file);

  /// Notes that the card's value of a key cannot be used, or is missing.
  void reject(const std::string& key, const std::string& expected, const std::string& found);

  /// Note a number of heads that does not divide the width, or whose fourfold does not: a rotation
  /// along two axes turns each head in four parts. 0 when nothing gave the number.
  void require_heads(const std::string& key, int64_t heads, int64_t width);
  void require_rotary_heads(const std::string& key, int64_t heads, int64_t width);

  /// Notes a grid of the card with another number of cells than the file's position table.
  void require_cells(int64_t card, int64_t file);

  /// Throws one ConfigurationError with all that was noted, if anything was.
  void finish() const;

 private:
  std::string role_;
  std::string file_;
  std::vector<std::string> keys_, expected_, found_;
};

}  // namespace svgen::models
