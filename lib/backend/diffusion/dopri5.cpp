// SPDX-License-Identifier: MIT
// Trials of steps, accepted or made smaller.
#include "diffusion/dopri5.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/max.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "svgen/error.h"

namespace svgen::diffusion {
namespace {

// The tableau: where a slope is evaluated, and of which slopes before.
constexpr int kStages = 6;
constexpr double kNodes[kStages] = {1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1};
constexpr double kWeights[kStages][kStages] = {
    {1. / 5},
    {3. / 40, 9. / 40},
    {44. / 45, -56. / 15, 32. / 9},
    {19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
    {9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
    {35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84},
};
// The result of order 5 less that of order 4.
constexpr double kError[kStages + 1] = {35. / 384 - 1951. / 21600,
                                        0,
                                        500. / 1113 - 22642. / 50085,
                                        125. / 192 - 451. / 720,
                                        -2187. / 6784 - -12231. / 42400,
                                        11. / 84 - 649. / 6300,
                                        -1. / 60};
// The state half way (Shampine, 1986).
constexpr double kMiddle[kStages + 1] = {
    6025192743. / 30085553152 / 2,     0,
    51252292925. / 65400821598 / 2,    -2691868925. / 45128329728 / 2,
    187940372067. / 1594534317056 / 2, -1776094331. / 19743644256 / 2,
    11237099. / 235043384 / 2};

constexpr double kOrder = 5, kSafety = 0.9, kSmallest = 0.2, kLargest = 10;

// factors[n] x of each image.
at::Tensor scaled(const at::Tensor& x, const std::vector<double>& factors) {
  const double first = factors.front();
  if (std::all_of(factors.begin(), factors.end(), [&](double f) { return f == first; }))
    return x * first;
  return x * at::tensor(factors).to(x.options()).view({-1, 1, 1});
}

template <typename Weights>
at::Tensor weighted_sum(const std::vector<at::Tensor>& slopes, const Weights& weights) {
  at::Tensor sum = slopes[0] * weights[0];
  for (size_t i = 1; i < slopes.size(); ++i)
    if (weights[i] != 0) sum = sum + slopes[i] * weights[i];
  return sum;
}

// The mean square of a dense row, in one order whatever runs beside it.
double mean_square(const at::Tensor& row) {
  const at::Tensor host = row.to(at::kCPU, at::kDouble).contiguous();
  const double* values = host.const_data_ptr<double>();
  double sum = 0;
  for (int64_t i = 0; i < host.numel(); ++i) sum += values[i] * values[i];
  return sum / static_cast<double>(host.numel());
}

}  // namespace

Dopri5Solver::Dopri5Solver(const SamplingOptions& options, bool is_published, double start)
    : options_(options), is_published_(is_published), start_(start) {}

void Dopri5Solver::begin(at::Tensor state) {
  Solver::begin(std::move(state));
  slope_.reset();
  time_.assign(static_cast<size_t>(state_.size(0)), start_);
  width_.assign(time_.size(), 0);
}

// The widths stay: the field is as curved as it was.
void Dopri5Solver::replace_state(at::Tensor state) {
  Solver::replace_state(std::move(state));
  slope_.reset();
}

bool Dopri5Solver::done() const {
  for (size_t n = 0; n < time_.size(); ++n)
    if (!is_done(n)) return false;
  return true;
}

std::vector<double> Dopri5Solver::norms(const at::Tensor& x, const at::Tensor& scale) const {
  const at::Tensor relative = x / (scale * options_.rtol + options_.atol);
  std::vector<double> squares;
  for (size_t n = 0; n < time_.size(); ++n)
    squares.push_back(mean_square(relative[static_cast<int64_t>(n)]));
  if (is_published_) {
    const double all = std::accumulate(squares.begin(), squares.end(), 0.0);
    squares.assign(squares.size(), all / static_cast<double>(squares.size()));
  }
  for (double& square : squares) square = std::sqrt(square);
  return squares;
}

Times Dopri5Solver::at(const std::vector<double>& shares) const {
  Times times;
  for (size_t n = 0; n < time_.size(); ++n)
    times.push_back(static_cast<float>(time_[n] + shares[n]));
  return times;
}

// The rule of Hairer, Norsett and Wanner (1993, section II.4).
void Dopri5Solver::choose_first_widths(const VelocityField& velocity) {
  const std::vector<double> start(time_.size(), 0);
  slope_ = velocity(state_, at(start));
  const at::Tensor scale = state_.abs();
  const std::vector<double> d0 = norms(state_, scale), d1 = norms(slope_, scale);
  std::vector<double> probe;
  for (size_t n = 0; n < time_.size(); ++n)
    probe.push_back(d0[n] < 1e-5 || d1[n] < 1e-5 ? 1e-6 : 0.01 * d0[n] / d1[n]);
  const at::Tensor there = velocity(state_ + scaled(slope_, probe), at(probe));
  const std::vector<double> change = norms(there - slope_, scale);
  for (size_t n = 0; n < time_.size(); ++n) {
    const double d2 = change[n] / probe[n];
    const double width = d1[n] <= 1e-15 && d2 <= 1e-15
                             ? std::max(1e-6, probe[n] * 1e-3)
                             : std::pow(0.01 / std::max(d1[n], d2), 1 / kOrder);
    width_[n] = std::min(100 * probe[n], width);
  }
}

Dopri5Solver::Trial Dopri5Solver::trial(const VelocityField& velocity) const {
  Trial trial{{slope_}, {}, {}};
  for (int stage = 0; stage < kStages; ++stage) {
    trial.y = state_ + scaled(weighted_sum(trial.slopes, kWeights[stage]), width_);
    std::vector<double> shares;
    for (const double width : width_) shares.push_back(kNodes[stage] * width);
    trial.slopes.push_back(velocity(trial.y, at(shares)));
  }
  trial.error = scaled(weighted_sum(trial.slopes, kError), width_);
  return trial;
}

// The quartic through both ends, both slopes and the middle of the last step, at t = 1.
at::Tensor Dopri5Solver::past_end(const Trial& trial, double width) const {
  const double h = width;
  const at::Tensor &y0 = state_, &y1 = trial.y, &f0 = slope_, &f1 = trial.slopes.back();
  const at::Tensor middle = y0 + weighted_sum(trial.slopes, kMiddle) * h;
  const at::Tensor a = (f1 - f0) * (2 * h) - (y1 + y0) * 8 + middle * 16;
  const at::Tensor b = (f0 * 5 - f1 * 3) * h + y0 * 18 + y1 * 14 - middle * 32;
  const at::Tensor c = (f1 - f0 * 4) * h - y0 * 11 - y1 * 5 + middle * 16;
  const double x = (1 - time_.front()) / width;
  return (((a * x + b) * x + c) * x + f0 * h) * x + y0;
}

void Dopri5Solver::advance(const VelocityField& velocity) {
  if (++step_ > kMostSteps)
    throw ConfigurationError("dopri5 does not arrive with these tolerances: make them larger",
                             {.expected = "at most " + std::to_string(kMostSteps) + " steps",
                              .found = "more",
                              .where = "atol, rtol"});
  if (step_ == 1)
    choose_first_widths(velocity);
  else if (!slope_.defined())
    slope_ = velocity(state_, now());
  if (!is_published_)
    for (size_t n = 0; n < time_.size(); ++n) width_[n] = std::min(width_[n], 1 - time_[n]);
  const Trial next = trial(velocity);
  const std::vector<double> ratios = norms(next.error, at::max(state_.abs(), next.y.abs()));
  // One step for all images, so that the first one's is that of any.
  const bool passes_end = is_published_ && time_.front() + width_.front() >= 1;
  const at::Tensor end_state = passes_end ? past_end(next, width_.front()) : next.y;
  std::vector<at::Tensor> states, slopes;
  for (size_t n = 0; n < time_.size(); ++n) {
    const auto row = static_cast<int64_t>(n);
    const bool is_taken = ratios[n] <= 1 && !is_done(n);
    const double end = time_[n] + width_[n];
    states.push_back((is_taken ? end_state : state_)[row]);
    slopes.push_back((is_taken ? next.slopes.back() : slope_)[row]);
    // A clipped step ends at 1 whatever the sum rounds to.
    if (is_taken) time_[n] = width_[n] >= 1 - time_[n] ? 1 : end;
    const double factor =
        ratios[n] == 0 ? kLargest
                       : std::min(kLargest, std::max(kSafety * std::pow(ratios[n], -1 / kOrder),
                                                     ratios[n] < 1 ? 1 : kSmallest));
    width_[n] = is_done(n) ? 0 : width_[n] * factor;
  }
  state_ = at::stack(states);
  slope_ = at::stack(slopes);
}

}  // namespace svgen::diffusion
