// SPDX-License-Identifier: MIT
// Paths between noise and data, and the tables of a diffusion.
#include "diffusion/process.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
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

// The cumulative products of 1 - beta over all steps.
const std::vector<double>& alpha_bars() {
  static const std::vector<double> all = [] {
    std::vector<double> products;
    double product = 1;
    for (int64_t i = 0; i < DiffusionTable::kSteps; ++i) {
      const double share = static_cast<double>(i) / static_cast<double>(DiffusionTable::kSteps - 1);
      product *= 1 - (kFirstBeta + (kLastBeta - kFirstBeta) * share);
      products.push_back(product);
    }
    return products;
  }();
  return all;
}

using Term = double (*)(const PathTerms&);

// A number for each image, (N, 1, 1), so that an image rounds the same in any batch.
at::Tensor terms(Path path, const std::vector<float>& times, const at::Tensor& like, Term term) {
  std::vector<float> values;
  for (const float t : times) values.push_back(static_cast<float>(term(path_terms(path, t))));
  return at::tensor(values).to(like.options()).view({-1, 1, 1});  // (N, 1, 1)
}

}  // namespace

PathTerms path_terms(Path path, double t) {
  if (path == Path::kDiffusion) {
    constexpr int64_t kLast = DiffusionTable::kSteps - 1;
    const int64_t step = std::llround((1 - t) * static_cast<double>(DiffusionTable::kSteps));
    const double bar = alpha_bars()[static_cast<size_t>(std::clamp<int64_t>(step, 0, kLast))];
    return {std::sqrt(bar), std::sqrt(1 - bar), 0, 0};
  }
  if (path != Path::kGvp) return {t, 1 - t, 1, -1};
  constexpr double kQuarter = std::numbers::pi / 2;
  const double sine = std::sin(kQuarter * t), cosine = t == 1 ? 0 : std::cos(kQuarter * t);
  return {sine, cosine, kQuarter * cosine, -kQuarter * sine};
}

at::Tensor mixed(Path path, const at::Tensor& data, const at::Tensor& noise,
                 const std::vector<float>& times) {
  const auto alpha = terms(
      path, times, data, [](const PathTerms& at) { return at.alpha; });
  const auto sigma = terms(path, times, data, [](const PathTerms& at) { return at.sigma; });
  return data * alpha + noise * sigma;  // (N, T, C)
}

at::Tensor mixed_velocity(Path path, const at::Tensor& data, const at::Tensor& noise,
                          const std::vector<float>& times) {
  const auto of_data = terms(
      path, times, data, [](const PathTerms& at) { return at.alpha_slope; });
  const auto of_noise =
      terms(path, times, data, [](const PathTerms& at) { return at.sigma_slope; });
  return data * of_data + noise * of_noise;  // (N, T, C)
}

at::Tensor predicted_data(Path path, const at::Tensor& x, const at::Tensor& prediction,
                          const std::vector<float>& times) {
  if (path == Path::kDiffusion) {
    const auto alpha = terms(
        path, times, x, [](const PathTerms& at) { return at.alpha; });
    const auto sigma = terms(path, times, x, [](const PathTerms& at) { return at.sigma; });
    return (x - prediction.narrow(2, 0, x.size(2)) * sigma) / alpha;  // (N, T, C)
  }
  // v = alpha' x_1 + sigma' x_0 and x = alpha x_1 + sigma x_0, solved for x_1; on the straight path
  // x + (1 - t) v.
  const auto of_velocity = terms(
      path, times, x,
      [](const PathTerms& at) {
        return at.sigma / (at.sigma * at.alpha_slope - at.sigma_slope * at.alpha);
      });
  const auto of_state = terms(path, times, x, [](const PathTerms& at) {
    return -at.sigma_slope / (at.sigma * at.alpha_slope - at.sigma_slope * at.alpha);
  });
  return x * of_state + prediction * of_velocity;  // (N, T, C)
}

at::Tensor score_of(Path path, const at::Tensor& velocity, const at::Tensor& x, double t) {
  const PathTerms at = path_terms(path, t);
  // With r = alpha / alpha': s = (r v - x) / (sigma^2 - r sigma' sigma).
  const double ratio = at.alpha / at.alpha_slope;
  const double variance = at.sigma * at.sigma - ratio * at.sigma_slope * at.sigma;
  return (velocity * ratio - x) / variance;
}

PosteriorTerms posterior_terms(const DiffusionTable& table, size_t kept) {
  const double bar = table.alpha_bar[kept], before = table.alpha_bar_before[kept],
               beta = table.beta[kept];
  return {.from_state = std::sqrt(1 / bar),
          .from_noise = std::sqrt(1 / bar - 1),
          .of_data = beta * std::sqrt(before) / (1 - bar),
          .of_state = (1 - before) * std::sqrt(1 - beta) / (1 - bar),
          .log_low = std::log(table.posterior_variance[std::max<size_t>(kept, 1)]),
          .log_high = std::log(beta)};
}

DiffusionTable diffusion_table(int64_t steps, TimestepSpacing spacing) {
  DiffusionTable table;
  table.steps = kept_steps(steps, spacing);
  double before = 1;
  for (const int64_t step : table.steps) {
    const double now = alpha_bars()[static_cast<size_t>(step)];
    table.alpha_bar.push_back(now);
    table.alpha_bar_before.push_back(before);
    table.beta.push_back(1 - now / before);
    table.posterior_variance.push_back(table.beta.back() * (1 - before) / (1 - now));
    before = now;
  }
  return table;
}

}  // namespace svgen::diffusion
