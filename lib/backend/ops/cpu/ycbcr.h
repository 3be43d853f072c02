// SPDX-License-Identifier: MIT
// Rows of Y'CbCr pictures as rows of R'G'B' levels and back, and numbers as levels.
//
// The sums are in integers, so a level depends on the picture alone, not on the processor; before
// they are rounded they are right to a hundredth of a level.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "svgen/ycbcr.h"

namespace svgen::ops::cpu {

/// Levels of one row of pixels: R', G', B', each one byte after the other.
using RgbRow = std::array<const uint8_t*, 3>;

/// floor(255 (x + 1) / 2 + 0.5), clamped to 0 .. 255; not-a-number becomes 0.
void levels(const float* x, uint8_t* y, int64_t count);

/// weights[0] a + weights[1] b + weights[2] c + constant, in fixed point.
struct LevelSum {
  std::array<int32_t, 3> weights;
  int32_t constant;
};

class YcbcrReader {
 public:
  /// The picture must not be empty and must outlive this.
  explicit YcbcrReader(const YcbcrView& picture);

  /// Row y, clamped and rounded, until the next call. Colour is interpolated linearly between the
  /// places of its samples; beyond the outermost ones it is theirs.
  RgbRow row(int64_t y);

 private:
  YcbcrView picture_;
  std::array<LevelSum, 3> sums_;                  // of Y', Cb, Cr: R', G', B'
  std::array<std::vector<uint16_t>, 2> blended_;  // Cb, Cr between two rows of samples
  std::array<std::vector<uint16_t>, 2> spread_;   // the same for each pixel, in sixteenths
  std::array<std::vector<uint8_t>, 3> levels_;
};

class YcbcrWriter {
 public:
  /// The picture must outlive this. It is written as if at_left and at_top were false.
  explicit YcbcrWriter(const MutableYcbcrView& picture);

  /// Rows 2 * pair and 2 * pair + 1; colour is the mean of two by two pixels. Below an odd last row
  /// there is none: `lower` is the upper one again.
  void write_pair(int64_t pair, const RgbRow& upper, const RgbRow& lower);

 private:
  MutableYcbcrView picture_;
  std::array<LevelSum, 3> sums_;  // of R', G', B': Y', Cb, Cr
};

}  // namespace svgen::ops::cpu
