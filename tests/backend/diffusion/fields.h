// SPDX-License-Identifier: MIT
// Velocities whose solutions are known, for the tests of solvers.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <cmath>
#include <vector>

#include "diffusion/solver.h"
#include "svgen/random.h"

namespace svgen::diffusion::testing {

/// dx/dt = x + t, whose solution from x0 is (x0 + 1) e^t - t - 1.
inline at::Tensor growing(const at::Tensor& x, const Times& t) {
  const std::vector<double> times(t.begin(), t.end());
  return x + at::tensor(times).to(x.options()).view({-1, 1, 1});
}

/// (images, 4, 2) noise of a seed.
inline at::Tensor some_noise(int64_t images, at::ScalarType dtype = at::kFloat) {
  at::Tensor noise = at::empty({images, 4, 2}, at::kFloat);
  for (int64_t n = 0; n < images; ++n)
    normal_noise(7, static_cast<uint64_t>(n), 0, {noise[n].data_ptr<float>(), 8});
  return noise.to(dtype);
}

inline at::Tensor solution(const at::Tensor& start) {
  return (start + 1) * std::exp(1.0) - 2;
}

inline at::Tensor solved(Solver& solver, const at::Tensor& noise,
                         const VelocityField& field = growing) {
  solver.begin(noise);
  while (!solver.done()) solver.advance(field);
  return solver.state();
}

}  // namespace svgen::diffusion::testing
