// SPDX-License-Identifier: MIT
// Reversing a diffusion: exact where the noise is known, and independent of the batch.
#include "diffusion/ddpm.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/full_like.h>
#include <gtest/gtest.h>

#include <cmath>

#include "backend/diffusion/fields.h"
#include "diffusion/path.h"

namespace svgen::diffusion {
namespace {

using testing::solved;
using testing::some_noise;

SamplingOptions options_of(SolverKind solver, int64_t steps = 20) {
  return {.steps = steps, .solver = solver};
}

StepNoise noise_of(std::vector<int64_t> images) {
  return [images](int64_t step) { return step_noise(3, images, step, 4, 2); };
}

// The noise in x for data at one point.
VelocityField noise_towards(const at::Tensor& data, int64_t steps) {
  const DiffusionTable table = diffusion_table(steps, TimestepSpacing::kLinspace);
  return [=](const at::Tensor& x, const Times& t) {
    const auto step = static_cast<int64_t>(std::lround(1000 * (1 - t[0])));
    size_t k = 0;
    while (table.steps[k] != step) ++k;
    return (x - data * std::sqrt(table.alpha_bar[k])) / std::sqrt(1 - table.alpha_bar[k]);
  };
}

TEST(Ddpm, ArrivesAtTheData) {
  const at::Tensor data = some_noise(1) * 2;
  for (const SolverKind kind : {SolverKind::kDdpm, SolverKind::kDdim}) {
    DiffusionSolver solver(options_of(kind), noise_of({0}));
    const at::Tensor x = solved(solver, some_noise(1), noise_towards(data, 20));
    EXPECT_LT((x - data).abs().max().item<double>(), 1e-4) << name_of(kind);
  }
}

TEST(Ddpm, TakesTheVarianceFromBehindTheNoise) {
  const at::Tensor data = some_noise(1);
  const VelocityField noise = noise_towards(data, 20);
  const auto with_share = [&](double share) {
    DiffusionSolver solver(options_of(SolverKind::kDdpm), noise_of({0}));
    solver.begin(some_noise(1));
    solver.advance([&](const at::Tensor& x, const Times& t) {
      const at::Tensor epsilon = noise(x, t);
      return at::cat({epsilon, at::full_like(epsilon, share)}, 2);
    });
    return solver.state();
  };
  // A share of 1 is the larger bound, which a model without variances takes.
  DiffusionSolver plain(options_of(SolverKind::kDdpm), noise_of({0}));
  plain.begin(some_noise(1));
  plain.advance(noise);
  EXPECT_LT((with_share(1) - plain.state()).abs().max().item<double>(), 1e-6);
  EXPECT_GT((with_share(-1) - plain.state()).abs().max().item<double>(), 1e-5);
}

TEST(Ddpm, AnImageDoesNotDependOnItsBatch) {
  SamplingOptions noisy = options_of(SolverKind::kDdim);
  noisy.eta = 0.5;
  for (const SamplingOptions& options : {options_of(SolverKind::kDdpm), noisy}) {
    const VelocityField field = [](const at::Tensor& x, const Times& t) { return x * (1 - t[0]); };
    DiffusionSolver together(options, noise_of({0, 1}));
    const at::Tensor all = solved(together, some_noise(2), field);
    for (int64_t n = 0; n < 2; ++n) {
      DiffusionSolver alone(options, noise_of({n}));
      EXPECT_TRUE(solved(alone, some_noise(2).narrow(0, n, 1), field).equal(all.narrow(0, n, 1)));
    }
  }
}

}  // namespace
}  // namespace svgen::diffusion
