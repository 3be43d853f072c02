// SPDX-License-Identifier: MIT
// Paths, scores and the tables of a diffusion.
#include "diffusion/process.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "svgen/error.h"

namespace svgen::diffusion {
namespace {

TEST(Path, StartsWithNoiseAndEndsWithData) {
  for (const Path path : {Path::kStraight, Path::kGvp}) {
    const PathTerms start = path_terms(path, 0), end = path_terms(path, 1);
    EXPECT_NEAR(start.alpha, 0, 1e-12);
    EXPECT_NEAR(start.sigma, 1, 1e-12);
    EXPECT_NEAR(end.alpha, 1, 1e-12);
    EXPECT_NEAR(end.sigma, 0, 1e-12);
    // Slopes are those of the terms.
    const PathTerms a = path_terms(path, 0.4), b = path_terms(path, 0.4 + 1e-6);
    EXPECT_NEAR((b.alpha - a.alpha) / 1e-6, a.alpha_slope, 1e-5);
    EXPECT_NEAR((b.sigma - a.sigma) / 1e-6, a.sigma_slope, 1e-5);
  }
}

// For data at one point, the score of x = alpha data + sigma noise is -noise / sigma.
TEST(Path, ScoreFollowsFromTheVelocity) {
  for (const Path path : {Path::kStraight, Path::kGvp}) {
    const PathTerms at = path_terms(path, 0.3);
    const double data = 2, noise = -0.7;
    const at::Tensor x = at::full({1}, at.alpha * data + at.sigma * noise, at::kDouble);
    const at::Tensor v = at::full({1}, at.alpha_slope * data + at.sigma_slope * noise, at::kDouble);
    EXPECT_NEAR(score_of(path, v, x, 0.3).item<double>(), -noise / at.sigma, 1e-9);
  }
}

at::Tensor some(double first) {
  return at::tensor({first, -0.5, 2.0, 0.25}).view({2, 2, 1});
}

TEST(Path, MixesDataAndNoiseAsEachImagesTimeSays) {
  const at::Tensor data = some(1.5), noise = some(-0.75);
  EXPECT_TRUE(at::equal(mixed(Path::kStraight, data, noise, {0, 1}).select(0, 0), noise[0]));
  EXPECT_TRUE(at::equal(mixed(Path::kStraight, data, noise, {0, 1}).select(0, 1), data[1]));
  const at::Tensor half = mixed(Path::kStraight, data, noise, {0.5f, 0.25f});
  EXPECT_TRUE(at::equal(half[0], (data[0] + noise[0]) * 0.5));
  EXPECT_TRUE(at::equal(half[1], data[1] * 0.25 + noise[1] * 0.75));
}

TEST(Path, DataFollowFromStateAndVelocity) {
  const at::Tensor data = some(1.5), noise = some(-0.75);
  const std::vector<float> times = {0.25f, 0.75f};
  for (const Path path : {Path::kStraight, Path::kGvp}) {
    std::vector<at::Tensor> rows;
    for (int64_t n = 0; n < 2; ++n) {
      const PathTerms at = path_terms(path, times[static_cast<size_t>(n)]);
      rows.push_back(data[n] * at.alpha_slope + noise[n] * at.sigma_slope);
    }
    const at::Tensor predicted =
        predicted_data(path, mixed(path, data, noise, times), at::stack(rows), times);
    EXPECT_TRUE(at::allclose(predicted, data, 1e-6, 1e-6));
  }
}

TEST(Path, DataFollowFromTheNoiseOfADiffusion) {
  const at::Tensor data = some(1.5), noise = some(-0.75);
  const std::vector<float> times = {0.5f, 1};      // steps 500 and 0
  const at::Tensor share = at::zeros_like(noise);  // the model's channels of the variance
  const at::Tensor state = mixed(Path::kDiffusion, data, noise, times);
  EXPECT_FALSE(at::equal(state[1], data[1]));  // step 0 has a little noise
  const at::Tensor predicted =
      predicted_data(Path::kDiffusion, state, at::cat({noise, share}, 2), times);
  EXPECT_TRUE(at::allclose(predicted, data, 1e-5, 1e-5));
  const DiffusionTable table = diffusion_table(1000, TimestepSpacing::kLinspace);
  EXPECT_DOUBLE_EQ(path_terms(Path::kDiffusion, 0.5).alpha, std::sqrt(table.alpha_bar[500]));
}

TEST(DiffusionTable, KeepsThePublishedSteps) {
  const auto sum = [](int64_t count) {
    const auto steps = diffusion_table(count, TimestepSpacing::kLinspace).steps;
    return std::accumulate(steps.begin(), steps.end(), int64_t{0});
  };
  EXPECT_EQ(sum(250), 124875);
  EXPECT_EQ(sum(50), 24975);
  EXPECT_EQ(diffusion_table(10, TimestepSpacing::kLinspace).steps[1], 111);
  const auto leading = diffusion_table(50, TimestepSpacing::kLeading).steps;
  EXPECT_EQ(leading.back(), 980);
  EXPECT_THROW(diffusion_table(999, TimestepSpacing::kLeading), ConfigurationError);
  EXPECT_THROW(diffusion_table(1001, TimestepSpacing::kLinspace), ConfigurationError);
  EXPECT_EQ(diffusion_table(1, TimestepSpacing::kLinspace).steps, (std::vector<int64_t>{0}));
}

TEST(DiffusionTable, HasThePublishedCoefficients) {
  const DiffusionTable table = diffusion_table(10, TimestepSpacing::kLinspace);
  EXPECT_NEAR(table.alpha_bar[0], 0.9999, 1e-12);
  EXPECT_NEAR(table.alpha_bar[1], 0.8736049929108487, 1e-12);
  EXPECT_NEAR(table.alpha_bar[9], 4.0358297653756754e-05, 1e-15);
  EXPECT_NEAR(table.beta[1], 0.12630763785293664, 1e-12);
  EXPECT_NEAR(std::log(table.posterior_variance[1]), -9.2110319, 1e-6);
}

}  // namespace
}  // namespace svgen::diffusion
