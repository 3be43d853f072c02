// SPDX-License-Identifier: MIT
// Philox 4x32-10 and what is drawn from it.
#include "svgen/random.h"

#include <cmath>
#include <numbers>

namespace svgen {
namespace {

constexpr uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

constexpr uint32_t low(uint64_t x) {
  return static_cast<uint32_t>(x);
}
constexpr uint32_t high(uint64_t x) {
  return static_cast<uint32_t>(x >> 32);
}

std::array<uint32_t, 4> draw(uint64_t seed, uint64_t image, RandomPurpose purpose, uint32_t block) {
  return philox({block, static_cast<uint32_t>(purpose), low(image), high(image)},
                {low(seed), high(seed)});
}

// Returns a number in (0, 1): the half keeps the logarithm finite.
double open_uniform(uint32_t bits) {
  return (bits + 0.5) * 0x1p-32;
}

// Two independent normals from two uniforms (Box and Muller, 1958).
void box_muller(uint32_t a, uint32_t b, float* out) {
  const double radius = std::sqrt(-2.0 * std::log(open_uniform(a)));
  const double angle = 2.0 * std::numbers::pi * open_uniform(b);
  out[0] = static_cast<float>(radius * std::cos(angle));
  out[1] = static_cast<float>(radius * std::sin(angle));
}

void fill_noise(uint64_t seed, uint64_t image, RandomPurpose purpose, uint64_t first_element,
                std::span<float> out) {
  constexpr size_t kPerBlock = 4;
  float values[kPerBlock];
  for (size_t i = 0; i < out.size();) {
    const uint64_t element = first_element + i;
    const std::array<uint32_t, 4> bits =
        draw(seed, image, purpose, static_cast<uint32_t>(element / kPerBlock));
    box_muller(bits[0], bits[1], values);
    box_muller(bits[2], bits[3], values + 2);
    for (size_t k = element % kPerBlock; k < kPerBlock && i < out.size(); ++k) out[i++] = values[k];
  }
}

}  // namespace

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t product0 = kMultiplier0 * counter[0];
    const uint64_t product1 = kMultiplier1 * counter[2];
    counter = {high(product1) ^ counter[1] ^ key[0], low(product1),
               high(product0) ^ counter[3] ^ key[1], low(product0)};
    key = {key[0] + kWeyl0, key[1] + kWeyl1};
  }
  return counter;
}

void normal_noise(uint64_t seed, uint64_t image, uint64_t first_element, std::span<float> out) {
  fill_noise(seed, image, RandomPurpose::kNoise, first_element, out);
}

void normal_noise(uint64_t seed, uint64_t image, RandomPurpose purpose, std::span<float> out) {
  fill_noise(seed, image, purpose, 0, out);
}

void step_noise(uint64_t seed, uint64_t image, uint64_t step, std::span<float> out) {
  fill_noise(seed, image, RandomPurpose::kStepNoise, step * out.size(), out);
}

std::array<double, 4> uniform_numbers(uint64_t seed, uint64_t image, RandomPurpose purpose,
                                      uint32_t block) {
  const std::array<uint32_t, 4> bits = draw(seed, image, purpose, block);
  return {open_uniform(bits[0]), open_uniform(bits[1]), open_uniform(bits[2]),
          open_uniform(bits[3])};
}

int64_t random_class(uint64_t seed, uint64_t image, int64_t count) {
  const std::array<uint32_t, 4> bits = draw(seed, image, RandomPurpose::kClass, 0);
  const uint64_t wide = (static_cast<uint64_t>(bits[1]) << 32) | bits[0];
  // The product's high half is uniform enough: its bias is below count / 2^64.
  return static_cast<int64_t>(
      (static_cast<unsigned __int128>(wide) * static_cast<unsigned __int128>(count)) >> 64);
}

}  // namespace svgen
