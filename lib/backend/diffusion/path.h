// SPDX-License-Identifier: MIT
// The straight path from noise (t = 0) to data (t = 1) and the time shift.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace svgen::diffusion {

/// t = s u / (1 + (s - 1) u), a bijection of [0, 1] with both ends fixed. s < 1 spends more steps
/// near the noise; s <= 0 means no shift.
double shift_time(double u, double shift);

/// Returns the `steps` + 1 shifted times of u = 0, 1/steps, ..., 1. As published: u in float32, the
/// shift in double, the times kept in float32.
/// `end`, `start`: u ends and starts there.
std::vector<float> time_grid(int64_t steps, double shift, double end = 1, double start = 0);

/// Draws where the path of each image begins: normal_noise(seed, index), (N, cells, channels)
/// float32 on the host.
at::Tensor initial_noise(uint64_t seed, std::span<const int64_t> indices, int64_t cells,
                         int64_t channels);

/// Draws what a stochastic solver adds to each image in a step: step_noise(seed, index, step), of
/// the same shape.
at::Tensor step_noise(uint64_t seed, std::span<const int64_t> indices, int64_t step, int64_t cells,
                      int64_t channels);

}  // namespace svgen::diffusion
