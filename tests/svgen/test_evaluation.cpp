// SPDX-License-Identifier: MIT
// Evaluation through the public interface; its numbers are tested in the backend.
#include "svgen/evaluation.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support.h"
#include "svgen/error.h"

namespace svgen {
namespace {

// Two images of two tokens each around `centre`, of classes 0 and 1.
std::unique_ptr<FeatureSet> set_around(float centre) {
  const Tensor features = Tensor::empty(DType::kFloat32, {2, 2, 3});
  const float values[] = {1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0};
  std::transform(std::begin(values), std::end(values), features.data_as<float>(),
                 [&](float value) { return value + centre; });
  auto set = FeatureSet::create(10);
  set->add(features, std::vector<int64_t>{0, 1});
  return set;
}

TEST(Evaluation, MeasuresDistances) {
  // Only the means differ, by 2 in each of three channels.
  const SetDistance found = set_distance(*set_around(0), *set_around(2), 1);
  EXPECT_NEAR(found.frechet, 12, 1e-9);
  EXPECT_EQ(found.precision, 0);
}

TEST(Evaluation, Probes) {
  const ProbeResult found = probe(*set_around(0), *set_around(0), {.neighbours = 1});
  EXPECT_EQ(found.knn, 1);
  EXPECT_EQ(found.linear, 1);
  EXPECT_EQ(found.confusion, (std::vector<int64_t>{1, 0, 0, 1}));
}

TEST(Evaluation, KeepsSetsInFiles) {
  const testing::ScratchFolder folder;
  set_around(1)->save(folder.path() / "set");
  const auto set = FeatureSet::create(10);
  set->merge(folder.path() / "set");
  EXPECT_EQ(set->images(), 2);
  EXPECT_THROW(set->add(Tensor::empty(DType::kInt64, {1, 1, 3}), std::vector<int64_t>{0}),
               ShapeError);
}

}  // namespace
}  // namespace svgen
