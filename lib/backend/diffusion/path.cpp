// SPDX-License-Identifier: MIT
// The straight path from noise (t = 0) to data (t = 1) and the time shift.
#include "diffusion/path.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include "svgen/random.h"

namespace svgen::diffusion {

double shift_time(double u, double shift) {
  // The denominator 1 + (s - 1) u in the form that is exact at both ends.
  return shift <= 0 ? u : shift * u / (shift * u + (1 - u));
}

std::vector<float> time_grid(int64_t steps, double shift, double end, double start) {
  const auto first = static_cast<float>(start), last = static_cast<float>(end);
  const float width = (last - first) / static_cast<float>(steps);
  std::vector<float> times;
  times.reserve(steps + 1);
  for (int64_t i = 0; i <= steps; ++i) {
    // Counted from the nearer end, which makes both exact.
    const bool is_first_half = i < (steps + 1) / 2;
    const float u = is_first_half ? first + width * static_cast<float>(i)
                                  : last - width * static_cast<float>(steps - i);
    times.push_back(static_cast<float>(shift_time(u, shift)));
  }
  return times;
}

namespace {

// (N, cells, channels) on the host, of draw(index, numbers).
template <typename Draw>
at::Tensor drawn(std::span<const int64_t> indices, int64_t cells, int64_t channels,
                 const Draw& draw) {
  const auto elements = static_cast<size_t>(cells * channels);
  at::Tensor noise = at::empty({static_cast<int64_t>(indices.size()), cells, channels}, at::kFloat);
  float* values = noise.mutable_data_ptr<float>();
  for (size_t n = 0; n < indices.size(); ++n)
    draw(static_cast<uint64_t>(indices[n]), std::span<float>(values + n * elements, elements));
  return noise;
}

}  // namespace

at::Tensor initial_noise(uint64_t seed, std::span<const int64_t> indices, int64_t cells,
                         int64_t channels) {
  return drawn(
      indices, cells, channels,
      [&](uint64_t index, std::span<float> numbers) { normal_noise(seed, index, 0, numbers); });
}

at::Tensor step_noise(uint64_t seed, std::span<const int64_t> indices, int64_t step, int64_t cells,
                      int64_t channels) {
  return drawn(
      indices, cells, channels,
      [&](uint64_t index, std::span<float> numbers) {
        svgen::step_noise(seed, index, static_cast<uint64_t>(step), numbers);
      });
}

}  // namespace svgen::diffusion
