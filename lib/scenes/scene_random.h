// SPDX-License-Identifier: MIT
// The random numbers of one scene, one stream for each of its aspects.
#pragma once

#include <array>
#include <cstdint>

#include "svgen/random.h"

namespace svgen::scene {

/// Aspects draw from streams of their own, so that another background leaves the object as it is.
enum class Aspect : uint32_t {
  kKind,
  kPose,
  kColours,
  kLight,
  kParts,
  kBackground,
  kGrain,
  kPieces
};

class SceneRandom {
 public:
  SceneRandom(uint64_t seed, uint64_t index, Aspect aspect)
      : key_{low(seed), low(seed >> 32)},
        counter_{0,
                 static_cast<uint32_t>(RandomPurpose::kScene) |
                     (static_cast<uint32_t>(aspect) << kAspectShift),
                 low(index), low(index >> 32)} {}

  /// Four words at once, for those who need many.
  std::array<uint32_t, 4> block() {
    const std::array<uint32_t, 4> words = philox(counter_, key_);
    ++counter_[0];
    return words;
  }

  uint32_t word() {
    if (next_ == words_.size()) {
      words_ = block();
      next_ = 0;
    }
    return words_[next_++];
  }

  /// Draws from [0, 1).
  float unit() { return static_cast<float>(word() >> 8) * 0x1p-24f; }
  float between(float a, float b) { return a + (b - a) * unit(); }
  int below(int count) {
    return static_cast<int>((static_cast<uint64_t>(word()) * static_cast<uint64_t>(count)) >> 32);
  }
  bool chance(float probability) { return unit() < probability; }

 private:
  static constexpr int kAspectShift = 8;  // purposes stay below
  static constexpr uint32_t low(uint64_t x) { return static_cast<uint32_t>(x); }

  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> words_{};
  size_t next_ = words_.size();
};

}  // namespace svgen::scene
