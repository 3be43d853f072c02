// SPDX-License-Identifier: MIT
// Noise between two images.
#include "svgen/noise_walk.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "svgen/random.h"

namespace svgen {
namespace {

double product(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// The shares of both noises.
std::pair<double, double> spherical(std::span<const float> a, std::span<const float> b,
                                    double share) {
  const double cosine = product(a, b) / std::sqrt(product(a, a) * product(b, b));
  const double angle = std::acos(std::clamp(cosine, -1.0, 1.0)), sine = std::sin(angle);
  constexpr double kParallel = 1e-6;  // below it there is no arc to follow
  if (!(sine > kParallel)) return {1 - share, share};
  return {std::sin((1 - share) * angle) / sine, std::sin(share * angle) / sine};
}

}  // namespace

WalkPlace walk_place(int64_t frame, int64_t frames) {
  return {frame / frames, static_cast<double>(frame % frames) / static_cast<double>(frames)};
}

void walk_noise(NoiseWalk walk, uint64_t seed, const WalkPlace& place, std::span<float> out) {
  normal_noise(seed, static_cast<uint64_t>(place.image), 0, out);
  if (walk == NoiseWalk::kNone || place.share == 0) return;
  std::vector<float> next(out.size());
  normal_noise(seed, static_cast<uint64_t>(place.image) + 1, 0, next);
  const auto [of_this, of_next] = walk == NoiseWalk::kSpherical
                                      ? spherical(out, next, place.share)
                                      : std::pair(1 - place.share, place.share);
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<float>(of_this * out[i] + of_next * next[i]);
}

}  // namespace svgen
