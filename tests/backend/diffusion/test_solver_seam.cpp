// SPDX-License-Identifier: MIT
// Solvers that control their error for each image, or add noise, run in an integration as it is;
// the two of the library do neither.
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "diffusion/integration.h"
#include "svgen/error.h"
#include "svgen/random.h"

namespace svgen::diffusion {
namespace {

/// Estimates the error as the difference of Euler and Heun, and gives each image its own step.
class AdaptiveHeun : public Solver {
 public:
  explicit AdaptiveHeun(double tolerance) : tolerance_(tolerance) {}

  void begin(at::Tensor noise) override {
    Solver::begin(std::move(noise));
    time_.assign(state_.size(0), 0);
    width_.assign(state_.size(0), 0.1f);
  }
  void advance(const VelocityField& velocity) override {
    if (++step_ > kMostSteps)
      throw ConfigurationError("the solver does not arrive", {.where = "steps"});
    Times next;
    for (size_t n = 0; n < time_.size(); ++n) next.push_back(std::min(1.0f, time_[n] + width_[n]));
    std::vector<float> widths;
    for (size_t n = 0; n < time_.size(); ++n) widths.push_back(next[n] - time_[n]);
    const at::Tensor width = at::tensor(widths).view({-1, 1, 1});
    const at::Tensor at_start = velocity(state_, time_);
    const at::Tensor euler = state_ + at_start * width;
    const at::Tensor heun = state_ + (at_start + velocity(euler, next)) * (0.5f * width);
    const at::Tensor error = (heun - euler).abs().amax({1, 2});
    at::Tensor taken = state_.clone();
    for (size_t n = 0; n < time_.size(); ++n) {
      const double share = error[n].item<double>() / tolerance_;
      if (share <= 1) {
        taken[n].copy_(heun[n]);
        time_[n] = next[n];
      }
      width_[n] *= static_cast<float>(std::clamp(0.9 / std::sqrt(share + 1e-9), 0.2, 5.0));
    }
    state_ = taken;
  }
  bool done() const override {
    return std::all_of(
        time_.begin(), time_.end(), [](float t) { return t == 1; });
  }
  Times now() const override { return time_; }

 private:
  static constexpr int64_t kMostSteps = 1000;
  double tolerance_;
  Times time_;
  std::vector<float> width_;
};

/// Euler-Maruyama with a noise of its own for each image and step.
class NoisyEuler : public Solver {
 public:
  NoisyEuler(std::vector<uint64_t> images, int64_t steps)
      : images_(std::move(images)), steps_(steps) {}

  void advance(const VelocityField& velocity) override {
    const float width = 1.0f / static_cast<float>(steps_);
    const Times t(images_.size(), width * static_cast<float>(step_));
    at::Tensor fresh = at::empty_like(state_);
    for (size_t n = 0; n < images_.size(); ++n)
      step_noise(/*seed=*/3, images_[n], step_,
                 {fresh[n].mutable_data_ptr<float>(), static_cast<size_t>(fresh[n].numel())});
    state_ = state_ + velocity(state_, t) * width + fresh * std::sqrt(width);
    ++step_;
  }
  bool done() const override { return step_ == steps_; }
  Times now() const override {
    return shared_time(static_cast<float>(step_) / static_cast<float>(steps_));
  }

 private:
  std::vector<uint64_t> images_;
  int64_t steps_;
};

// dx/dt = label x, whose solution is x(0) exp(label t); 0 for the null class.
constexpr int64_t kNull = 100;
at::Tensor growth(const at::Tensor& x, const Times& t, const at::Tensor& labels) {
  EXPECT_EQ(static_cast<int64_t>(t.size()), x.size(0));
  return x * at::where(labels == kNull, 0, labels).view({-1, 1, 1});
}

at::Tensor run(std::unique_ptr<Solver> solver, const std::vector<int64_t>& labels,
               const SamplingOptions& options = {}, int64_t* steps = nullptr) {
  const auto images = static_cast<int64_t>(labels.size());
  Integration integration(growth, {labels, kNull}, {.schedule = options}, std::move(solver),
                          at::full({images, 2, 3}, 1.0, at::kFloat));
  while (!integration.done()) integration.advance();
  if (steps != nullptr) *steps = integration.step();
  return integration.state();
}

TEST(SolverSeam, ErrorsAreControlledForEachImage) {
  int64_t gentle = 0, steep = 0;
  const at::Tensor x = run(std::make_unique<AdaptiveHeun>(1e-3), {0, 3});
  EXPECT_NEAR(x[0].max().item<double>(), 1, 1e-6);
  EXPECT_NEAR(x[1].max().item<double>(), std::exp(3), 0.1);
  const at::Tensor alone = run(std::make_unique<AdaptiveHeun>(1e-3), {0}, {}, &gentle);
  EXPECT_TRUE(at::equal(alone[0], x[0]));
  EXPECT_TRUE(at::equal(run(std::make_unique<AdaptiveHeun>(1e-3), {3}, {}, &steep)[0], x[1]));
  EXPECT_LT(gentle, steep);
}

TEST(SolverSeam, SchedulesOfTimeGuideEachImageAtItsOwnTime) {
  SamplingOptions options;
  options.guidance = GuidanceSchedule::kInterval;
  options.guidance_scale = 2;  // doubles the velocity from t = 0.5 on
  options.guidance_start = 0.5;
  const at::Tensor x = run(std::make_unique<AdaptiveHeun>(1e-4), {1, 2}, options);
  EXPECT_NEAR(x[0].max().item<double>(), std::exp(0.5 + 1), 0.05);
  EXPECT_NEAR(x[1].max().item<double>(), std::exp(1.0 + 2), 0.6);
}

TEST(SolverSeam, AnErrorThatCannotBeMetEndsWithAnError) {
  EXPECT_THROW(run(std::make_unique<AdaptiveHeun>(1e-30), {3}), ConfigurationError);
}

TEST(SolverSeam, NoiseOfAStepDependsOnTheImageAndNotOnItsBatch) {
  const auto noisy = [](std::vector<uint64_t> images) {
    const std::vector<int64_t> labels(images.size(), 1);
    return run(std::make_unique<NoisyEuler>(std::move(images), 5), labels);
  };
  const at::Tensor both = noisy({8, 9});
  EXPECT_TRUE(at::equal(noisy({9})[0], both[1]));
  EXPECT_FALSE(at::equal(both[0], both[1]));
}

}  // namespace
}  // namespace svgen::diffusion
