// SPDX-License-Identifier: MIT
// Paths between noise and data, and the tables of a diffusion.
#include "diffusion/process.h"

#include <ATen/TensorOperators.h>

#include <cmath>
#include <numbers>
#include <string>

#include "svgen/error.h"

namespace svgen::diffusion {
namespace {

constexpr double kFirstBeta = 1e-4, kLastBeta = 0.02;

std::vector<int64_t> kept_steps(int64_t count, TimestepSpacing spacing) {
  constexpr int64_t kSteps = DiffusionTable::kSteps;
  std::vector<int64_t> steps;
  if (spacing == TimestepSpacing::kLeading) {
    for (int64_t stride = 1; stride < kSteps; ++stride) {
      if ((kSteps + stride - 1) / stride != count) continue;
      for (int64_t step = 0; step < kSteps; step += stride) steps.push_back(step);
      return steps;
    }
    throw ConfigurationError("no whole stride through the 1000 steps keeps so many of them",
                             {.expected = "steps for which 1000 / stride, rounded up, is their "
                                          "number, or timestep-spacing=linspace",
                              .found = std::to_string(count),
                              .where = "steps"});
  }
  if (count > kSteps)
    throw ConfigurationError(
        "the diffusion has fewer steps than that",
        {.expected = "1 to 1000", .found = std::to_string(count), .where = "steps"});
  // Added up as published, and rounded half to even.
  const double stride =
      count == 1 ? 1 : static_cast<double>(kSteps - 1) / static_cast<double>(count - 1);
  double at = 0;
  for (int64_t i = 0; i < count; ++i, at += stride) steps.push_back(std::llrint(at));
  return steps;
}

}  // namespace

PathTerms path_terms(Path path, double t) {
  if (path != Path::kGvp) return {t, 1 - t, 1, -1};
  constexpr double kQuarter = std::numbers::pi / 2;
  const double sine = std::sin(kQuarter * t), cosine = std::cos(kQuarter * t);
  return {sine, cosine, kQuarter * cosine, -kQuarter * sine};
}

at::Tensor score_of(Path path, const at::Tensor& velocity, const at::Tensor& x, double t) {
  const PathTerms at = path_terms(path, t);
  // With r = alpha / alpha': s = (r v - x) / (sigma^2 - r sigma' sigma).
  const double ratio = at.alpha / at.alpha_slope;
  const double variance = at.sigma * at.sigma - ratio * at.sigma_slope * at.sigma;
  return (velocity * ratio - x) / variance;
}

DiffusionTable diffusion_table(int64_t steps, TimestepSpacing spacing) {
  DiffusionTable table;
  table.steps = kept_steps(steps, spacing);
  std::vector<double> all;
  double product = 1;
  for (int64_t i = 0; i < DiffusionTable::kSteps; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(DiffusionTable::kSteps - 1);
    product *= 1 - (kFirstBeta + (kLastBeta - kFirstBeta) * share);
    all.push_back(product);
  }
  double before = 1;
  for (const int64_t step : table.steps) {
    const double now = all[static_cast<size_t>(step)];
    table.alpha_bar.push_back(now);
    table.alpha_bar_before.push_back(before);
    table.beta.push_back(1 - now / before);
    table.posterior_variance.push_back(table.beta.back() * (1 - before) / (1 - now));
    before = now;
  }
  return table;
}

}  // namespace svgen::diffusion
