// SPDX-License-Identifier: MIT
// Walks from the noise of one image to that of the next, for videos that travel between images.
#pragma once

#include <cstdint>
#include <span>

namespace svgen {

/// Chooses the way between two noises a and b, at the share s of it:
///   linear     (1 - s) a + s b, which is weaker than noise half way
///   spherical  (sin((1 - s) w) a + sin(s w) b) / sin(w), w the angle between them, which stays
///              as strong (Shoemake, 1985)
enum class NoiseWalk { kNone, kLinear, kSpherical };

/// Says where a frame of a walk is: so far behind `image` on the way to image + 1.
struct WalkPlace {
  int64_t image = 0;
  double share = 0;  // 0 .. 1, without 1

  bool operator==(const WalkPlace&) const = default;
};

/// Returns the place of frame `frame` (0 or more) in a walk of `frames` (1 or more) from each image
/// to the next.
WalkPlace walk_place(int64_t frame, int64_t frames);

/// Writes the noise of a place, between normal_noise(seed, image) and that of the next image: the
/// first of them, to the bit, where the share is 0.
void walk_noise(NoiseWalk walk, uint64_t seed, const WalkPlace& place, std::span<float> out);

}  // namespace svgen
