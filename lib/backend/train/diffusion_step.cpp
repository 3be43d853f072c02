// SPDX-License-Identifier: MIT
// The losses of phase 2 and their random draws.
#include "train/diffusion_step.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp_min.h>
#include <ATen/ops/cosine_similarity.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/log.h>
#include <ATen/ops/round.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <tuple>
#include <vector>

#include "diffusion/path.h"
#include "svgen/random.h"

namespace svgen::train {
namespace {

using diffusion::DiffusionTable;
using diffusion::Path;

constexpr double kBin = 1.0 / 255, kEdge = 0.999, kLeastShare = 1e-12, kCosineEps = 1e-8;

double draw_time(const std::array<double, 4>& u, const diffusion::Objective& objective) {
  if (!objective.logit_normal) return diffusion::shift_time(u[0], objective.shift);
  const double normal = std::sqrt(-2 * std::log(u[2])) * std::cos(2 * std::numbers::pi * u[3]);
  return diffusion::shift_time(1 / (1 + std::exp(-normal)), objective.shift);
}

// The time of a step of a diffusion that is drawn with the others' share of the interval.
double time_of_step(double u) {
  constexpr auto kSteps = static_cast<double>(DiffusionTable::kSteps);
  return 1 - std::floor(u * kSteps) / kSteps;
}

at::Tensor steps_of(const at::Tensor& times) {
  return at::round((1 - times) * DiffusionTable::kSteps).to(at::kLong);
}

// The terms of all steps, (1000, 6) in the order of PosteriorTerms.
const at::Tensor& all_terms() {
  static const at::Tensor terms = [] {
    const DiffusionTable table =
        diffusion::diffusion_table(DiffusionTable::kSteps, TimestepSpacing::kLinspace);
    std::vector<double> values;
    for (size_t k = 0; k < table.steps.size(); ++k) {
      const diffusion::PosteriorTerms t = diffusion::posterior_terms(table, k);
      values.insert(values.end(),
                    {t.from_state, t.from_noise, t.of_data, t.of_state, t.log_low, t.log_high});
    }
    return at::tensor(values, at::kFloat).view({DiffusionTable::kSteps, -1});
  }();
  return terms;
}

at::Tensor squared_error(const at::Tensor& predicted, const at::Tensor& target) {
  return (predicted - target).square().mean({1, 2});  // (N)
}

// The approximation of the normal distribution's integral with which these models were published.
at::Tensor normal_integral(const at::Tensor& x) {
  const double scale = std::sqrt(2 / std::numbers::pi);
  return 0.5 * (1 + at::tanh(scale * (x + 0.044715 * x * x * x)));
}

// The logarithm of the share of a normal distribution in the bin of each value; the bins at the
// edges are without end.
at::Tensor log_likelihood(const at::Tensor& data, const at::Tensor& mean,
                          const at::Tensor& log_deviation) {
  const at::Tensor from_mean = data - mean, scale = at::exp(-log_deviation);
  const at::Tensor above = normal_integral(scale * (from_mean + kBin));
  const at::Tensor below = normal_integral(scale * (from_mean - kBin));
  const auto log_of = [](const at::Tensor& share) {
    return at::log(at::clamp_min(share, kLeastShare));
  };
  return at::where(data < -kEdge, log_of(above),
                   at::where(data > kEdge, log_of(1 - below), log_of(above - below)));
}

}  // namespace

DiffusionDraws draw_diffusion(uint64_t seed, std::span<const int64_t> indices,
                              std::span<const int64_t> labels, const DrawnLatents& latents,
                              const diffusion::Objective& objective, double dropout) {
  const int64_t count = static_cast<int64_t>(indices.size());
  const int64_t elements = latents.cells * latents.channels;
  DiffusionDraws draws{at::empty({count, latents.cells, latents.channels}, at::kFloat),
                       at::empty({count}, at::kFloat), at::empty({count}, at::kLong)};
  // An image's numbers depend on its index alone, so any thread may draw them.
  const auto draw = [&](int64_t n) {
    const auto index = static_cast<uint64_t>(indices[n]);
    normal_noise(
        seed, index, RandomPurpose::kTrainingNoise,
        {draws.noise.mutable_data_ptr<float>() + n * elements, static_cast<size_t>(elements)});
    const std::array<double, 4> u = uniform_numbers(seed, index, RandomPurpose::kTraining);
    draws.times.mutable_data_ptr<float>()[n] = static_cast<float>(
        latents.path == Path::kDiffusion ? time_of_step(u[0]) : draw_time(u, objective));
    const bool dropped = labels[n] < 0 || u[1] < dropout;
    draws.labels.mutable_data_ptr<int64_t>()[n] = dropped ? latents.classes : labels[n];
  };
  at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) draw(n);
  });
  return draws;
}

at::Tensor DiffusionLoss::total(const diffusion::Objective& objective) const {
  at::Tensor sum = squared.mean();
  if (variational.defined()) sum = sum + variational.mean();
  if (cosine.defined()) sum = sum + objective.cosine_weight * cosine.mean();
  if (alignment.defined()) sum = sum + objective.alignment_weight * alignment.mean();
  return sum;
}

at::Tensor variational_bound(const at::Tensor& data, const at::Tensor& x, const at::Tensor& noise,
                             const at::Tensor& share, const at::Tensor& steps) {
  const std::vector<at::Tensor> terms = all_terms()
                                            .to(steps.device())
                                            .index_select(0, steps)
                                            .view({-1, 6, 1, 1})
                                            .unbind(1);  // (N, 1, 1) each
  const at::Tensor &from_state = terms[0], &from_noise = terms[1], &true_log = terms[4];
  const auto mean_of = [&](const at::Tensor& clean) { return terms[2] * clean + terms[3] * x; };
  const at::Tensor true_mean = mean_of(data);
  const at::Tensor mean = mean_of(from_state * x - from_noise * noise);
  const at::Tensor above = (share + 1) * 0.5;
  const at::Tensor log_variance = above * terms[5] + (1 - above) * true_log;  // (N, T, C)
  const at::Tensor distance =
      0.5 * (log_variance - true_log - 1 + at::exp(true_log - log_variance) +
             (true_mean - mean).square() * at::exp(-log_variance));
  const at::Tensor likelihood = -log_likelihood(data, mean, 0.5 * log_variance);
  const at::Tensor nats = at::where(steps.eq(0).view({-1, 1, 1}), likelihood, distance);
  return nats.mean({1, 2}) / std::numbers::ln2;  // (N)
}

DiffusionLoss diffusion_loss(const models::Denoiser& model, const diffusion::Process& process,
                             const diffusion::Objective& objective, const at::Tensor& data,
                             const DiffusionDraws& draws, const Alignment* alignment) {
  const at::Tensor host_times = draws.times.cpu();
  const float* first = host_times.const_data_ptr<float>();
  const std::vector<float> times(first, first + host_times.numel());
  const at::Tensor x = diffusion::mixed(process.path, data, draws.noise, times);  // (N, T, C)
  const at::Tensor conditioning = model.conditioning(draws.times, draws.labels);
  DiffusionLoss loss;
  if (process.path == Path::kDiffusion) {
    const int64_t channels = data.size(2);
    const at::Tensor predicted = model.prediction(x, conditioning).to(at::kFloat);
    const at::Tensor noise = predicted.narrow(2, 0, channels);
    loss.squared = squared_error(noise, draws.noise);
    // The mean learns from the squared error alone (Nichol and Dhariwal, 2021, section 3.1).
    if (predicted.size(2) == 2 * channels)
      loss.variational = variational_bound(
          data, x, noise.detach(), predicted.narrow(2, channels, channels), steps_of(draws.times));
    return loss;
  }
  at::Tensor velocity, tokens;
  if (alignment != nullptr)
    std::tie(velocity, tokens) = model.velocity_and_tokens(x, conditioning, alignment->depth);
  else
    velocity = model.velocity(x, conditioning);
  velocity = velocity.to(at::kFloat);
  const at::Tensor target =
      model.target(data, x, draws.times,
                   diffusion::mixed_velocity(process.path, data, draws.noise, times));  // (N, T, C)
  loss.squared = squared_error(velocity, target);
  if (objective.cosine_weight != 0)
    loss.cosine = 1 - at::cosine_similarity(velocity, target, 2, kCosineEps).mean(1);
  if (alignment != nullptr) {
    const at::Tensor projected = alignment->project(tokens).to(at::kFloat);  // (N, T', F)
    loss.alignment = -at::cosine_similarity(projected, alignment->features, 2, kCosineEps).mean(1);
  }
  return loss;
}

}  // namespace svgen::train
