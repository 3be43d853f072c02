// SPDX-License-Identifier: MIT
// Distances between sets are those of scipy and scikit-learn.
#include "eval/set_distance.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "backend/eval/sets.h"
#include "svgen/error.h"

namespace svgen::eval {
namespace {

TEST(SetDistance, EqualsScipyAndScikitLearn) {
  for (const PeerCase& c : kPeerCases) {
    const PooledFeatures a = pooled(made_set(c.references, c.length, 0));
    const PooledFeatures b = pooled(made_set(c.tests, c.length, 1));
    const SetDistance found = set_distance(a, b, c.neighbours);
    EXPECT_NEAR(found.frechet / c.frechet, 1, 1e-9);
    EXPECT_NEAR(found.kernel / c.kernel, 1, 1e-9);
    EXPECT_NEAR(found.precision, c.precision, 1e-12);
    EXPECT_NEAR(found.recall, c.recall, 1e-12);
  }
}

TEST(SetDistance, OfASetToItself) {
  const PooledFeatures a = pooled(made_set(60, 4, 0));
  const SetDistance found = set_distance(a, a, 3);
  EXPECT_NEAR(found.frechet, 0, 1e-9);
  EXPECT_LT(found.kernel, 0) << "unbiased: pairs of a vector with itself count between the sets";
  EXPECT_EQ(found.precision, 1);
  EXPECT_EQ(found.recall, 1);
}

TEST(SetDistance, OfManyBlocksOfRows) {
  const MadeSet many = made_set(1500, 3, 0);
  const at::Tensor x = to_torch(many.features).squeeze(1);
  const at::Tensor kernel = (x.matmul(x.t()) / 3 + 1).pow(3);
  const double mean = (kernel.sum() - kernel.diagonal().sum()).item<double>() / (1500.0 * 1499.0);
  const double across = kernel.mean().item<double>();
  EXPECT_NEAR(kernel_distance(x, x), 2 * mean - 2 * across, 1e-12);
  EXPECT_EQ(coverage(x, x, 3), 1);
}

TEST(SetDistance, WithoutVectorsOnlyTheMomentsCount) {
  const PooledFeatures a = pooled(made_set(20, 3, 0), 0), b = pooled(made_set(20, 3, 1), 0);
  const SetDistance found = set_distance(a, b, 3);
  EXPECT_GT(found.frechet, 0);
  for (const double value : {found.kernel, found.precision, found.recall})
    EXPECT_TRUE(std::isnan(value));
}

TEST(SetDistance, RefusesWhatCannotBeCompared) {
  const PooledFeatures one = pooled(made_set(1, 3, 0)), some = pooled(made_set(5, 3, 0)),
                       longer = pooled(made_set(5, 4, 0));
  EXPECT_THROW(set_distance(some, one, 3), ConfigurationError);
  EXPECT_THROW(set_distance(one, some, 3), ConfigurationError);
  EXPECT_THROW(set_distance(some, longer, 3), ShapeError);
}

}  // namespace
}  // namespace svgen::eval
