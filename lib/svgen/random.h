// SPDX-License-Identifier: MIT
// Counter-based random numbers: every value is a pure function of (seed, image, element).
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace svgen {

/// Computes Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011):
/// ten rounds over a 128-bit counter under a 64-bit key.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// Names the purpose of a number; streams of different purposes never share counters.
enum class RandomPurpose : uint32_t {
  kNoise = 0,
  kClass = 1,
  kScene = 2,      // the procedural dataset
  kShuffle = 3,    // the order of a dataset
  kVariation = 4,  // crops and flips
  kTraining = 5,   // times, dropped labels and masks of training steps
  kTrainingNoise = 6,
  kWeights = 7,       // the first weights of a training; "image" is the tensor
  kAugmentation = 8,  // views of a picture
  kStepNoise = 9,     // what a stochastic solver adds
};

/// Draws standard normal values by Box-Muller. out[i] is the value of element first_element + i of
/// image `image`: four elements share one Philox block with counter (element / 4, purpose, image
/// low, image high) and key = seed.
void normal_noise(uint64_t seed, uint64_t image, uint64_t first_element, std::span<float> out);
/// Draws standard normal values from element 0 on, for another purpose than sampling.
void normal_noise(uint64_t seed, uint64_t image, RandomPurpose purpose, std::span<float> out);

/// Draws the noise that a stochastic solver adds to an image in a step, a function of (seed, image,
/// step): purpose kStepNoise, elements from step * out.size() on.
void step_noise(uint64_t seed, uint64_t image, uint64_t step, std::span<float> out);

/// Draws four independent numbers, uniform in (0, 1), of block `block` of an image.
std::array<double, 4> uniform_numbers(uint64_t seed, uint64_t image, RandomPurpose purpose,
                                      uint32_t block = 0);

/// Draws uniformly from [0, count), by (seed, image): the class of an image under `classes=random`.
/// count must be positive.
int64_t random_class(uint64_t seed, uint64_t image, int64_t count);

}  // namespace svgen
