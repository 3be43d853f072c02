// SPDX-License-Identifier: MIT
// Aligned features have the target's averaged mean and deviation.
#include "latent/match.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "svgen/error.h"

namespace svgen::latent {
namespace {

TEST(AveragedMoments, AreThoseOfLibTorchsReductions) {
  const at::Tensor tokens = at::randn({2, 16, 6}) * 3 + 1;
  const Moments moments = averaged_moments(tokens);
  const at::Tensor flat = tokens.flatten(0, 1).to(at::kDouble);
  EXPECT_NEAR(moments.mean, flat.mean(0).mean().item<double>(), 1e-12);
  EXPECT_NEAR(moments.std, flat.std(0).mean().item<double>(), 1e-12);
}

TEST(AveragedMoments, NeedTwoTokens) {
  EXPECT_THROW(averaged_moments(at::ones({1, 1, 4})), ShapeError);
  EXPECT_THROW(averaged_moments(at::ones({0, 16, 4})), ShapeError);
}

TEST(MatchDistribution, GivesTheTargetsMeanAndDeviation) {
  const at::Tensor semantic = at::randn({3, 16, 12}) * 0.4 + 0.02;
  const at::Tensor residual = at::randn({3, 16, 8}) * 9 - 4;
  const Moments target = averaged_moments(semantic);
  const Moments matched =
      averaged_moments(match_distribution(residual, alignment_scalars(semantic, residual)));
  EXPECT_NEAR(matched.mean, target.mean, 1e-6);
  EXPECT_NEAR(matched.std, target.std, 1e-6);
}

TEST(MatchDistribution, LeavesAConstantResidualAtTheTargetsMean) {
  const at::Tensor semantic = at::randn({1, 16, 12});
  const AlignmentScalars scalars = alignment_scalars(semantic, at::ones({1, 16, 8}));
  const at::Tensor matched = match_distribution(at::ones({1, 16, 8}), scalars);
  EXPECT_NEAR(matched[0][3][2].item<double>(), scalars.semantic_mean, 1e-6);
}

TEST(AlignmentScalars, DependOnTheWholeBatch) {
  const at::Tensor semantic = at::randn({2, 16, 12}), residual = at::randn({2, 16, 8});
  const AlignmentScalars batch = alignment_scalars(semantic, residual);
  const AlignmentScalars alone =
      alignment_scalars(semantic.slice(0, 0, 1), residual.slice(0, 0, 1));
  EXPECT_NE(batch.residual_mean, alone.residual_mean);
}

}  // namespace
}  // namespace svgen::latent
