// SPDX-License-Identifier: MIT
// The probes give scikit-learn's numbers.
#include "eval/probe.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "backend/eval/sets.h"
#include "svgen/error.h"

namespace svgen::eval {
namespace {

TEST(Probe, EqualsScikitLearn) {
  for (const PeerCase& c : kPeerCases) {
    const PooledFeatures a = pooled(made_set(c.references, c.length, 0));
    const PooledFeatures b = pooled(made_set(c.tests, c.length, 1));
    const ProbeResult found = probe(a, b, {.neighbours = c.votes});
    EXPECT_NEAR(found.knn, c.knn, 1e-12);
    EXPECT_NEAR(found.linear, c.linear, 1e-12);
    EXPECT_EQ(found.confusion, c.confusion);
    EXPECT_EQ(found.classes, 3);
    EXPECT_EQ(found.test_images, c.tests);
  }
}

TEST(Probe, EqualVotesGoToTheSmallestLabel) {
  const Labelled bank{at::tensor({1.0, 0.0, 0.0, 1.0}).view({2, 2}).to(at::kDouble),
                      at::tensor({2, 1}, at::kLong)};
  const at::Tensor query = at::tensor({1.0, 0.1}).view({1, 2}).to(at::kDouble);
  EXPECT_EQ(nearest_neighbours(bank, query, 3, 2).item<int64_t>(), 1);
  EXPECT_EQ(nearest_neighbours(bank, query, 3, 1).item<int64_t>(), 2);
  EXPECT_EQ(nearest_neighbours(bank, query, 3, 100).item<int64_t>(), 1) << "more than there are";
}

TEST(Probe, LeavesImagesWithoutALabelOut) {
  MadeSet reference = made_set(60, 5, 0), test = made_set(40, 5, 1);
  const ProbeResult whole = probe(pooled(reference), pooled(test));
  std::fill(test.labels.begin() + 20, test.labels.end(), -1);
  const ProbeResult part = probe(pooled(reference), pooled(test));
  EXPECT_EQ(whole.test_images, 40);
  EXPECT_EQ(part.test_images, 20);
}

TEST(Probe, RefusesWhatItCannotLearnFrom) {
  const MadeSet good = made_set(10, 5, 0);
  MadeSet one_class = good, unlabelled = good, huge = good;
  std::fill(one_class.labels.begin(), one_class.labels.end(), 1);
  std::fill(unlabelled.labels.begin(), unlabelled.labels.end(), -1);
  huge.labels[0] = int64_t{1} << 40;
  EXPECT_THROW(probe(pooled(one_class), pooled(good)), ConfigurationError);
  EXPECT_THROW(probe(pooled(unlabelled), pooled(good)), ConfigurationError);
  EXPECT_THROW(probe(pooled(good), pooled(unlabelled)), ConfigurationError);
  EXPECT_THROW(probe(pooled(huge), pooled(good)), ConfigurationError);
  EXPECT_THROW(probe(pooled(good), pooled(made_set(10, 6, 0))), ShapeError);
}

}  // namespace
}  // namespace svgen::eval
