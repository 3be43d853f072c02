// SPDX-License-Identifier: MIT
// Collecting feature vectors, and the file they are kept in.
#include "eval/pooled_features.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cov.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "backend/eval/sets.h"
#include "backend/nn/fill.h"
#include "svgen/error.h"
#include "svgen/support.h"
#include "weights/safetensors.h"

namespace svgen::eval {
namespace {

using test::largest_difference;
using test::wave;

class PooledFeaturesTest : public ::testing::Test {
 protected:
  // Saves the set of `vectors` (N, C) to a file.
  std::filesystem::path saved(const std::string& name, const at::Tensor& vectors, int64_t kept) {
    PooledFeatures set(kept);
    set.add(from_torch(vectors.unsqueeze(1)), labels(vectors.size(0)));
    const auto file = scratch_.path() / name;
    set.save(file);
    return file;
  }
  static std::vector<int64_t> labels(int64_t count) {
    return std::vector<int64_t>(static_cast<size_t>(count), 4);
  }
  svgen::testing::ScratchFolder scratch_;
};

TEST_F(PooledFeaturesTest, MeansOverTokens) {
  const at::Tensor features = wave({6, 5, 3});
  PooledFeatures set(4);
  set.add(from_torch(features), labels(6));
  EXPECT_EQ(set.images(), 6);
  EXPECT_EQ(set.vectors().size(0), 4) << "as many as are kept";
  EXPECT_LT(largest_difference(set.vectors(), features.mean(1).narrow(0, 0, 4)), 1e-6);
  const at::Tensor pooled = features.to(at::kDouble).mean(1);
  EXPECT_LT(largest_difference(set.moments().mean, pooled.mean(0)), 1e-12);
  EXPECT_LT(largest_difference(set.moments().covariance(), at::cov(pooled.t())), 1e-12);
}

TEST_F(PooledFeaturesTest, ShardsMergeToTheWhole) {
  const at::Tensor vectors = wave({30, 4}, 0.8).to(at::kDouble) * 3 + 100;
  const auto first = saved("a", vectors.narrow(0, 0, 7), 100);
  const auto second = saved("b", vectors.narrow(0, 7, 22), 100);
  const auto third = saved("c", vectors.narrow(0, 29, 1), 100);
  for (const auto& order : {std::vector{first, second, third}, {third, second, first}}) {
    PooledFeatures set(100);
    for (const auto& file : order) set.merge(file);
    EXPECT_EQ(set.images(), 30);
    EXPECT_EQ(set.vectors().size(0), 30);
    EXPECT_LT(largest_difference(set.moments().mean, vectors.mean(0)), 1e-12);
    EXPECT_LT(largest_difference(set.moments().covariance(), at::cov(vectors.t())), 1e-11);
  }
}

TEST_F(PooledFeaturesTest, AFileOfMomentsAloneIsEnough) {
  const auto file = scratch_.path() / "moments";
  weights::write_safetensors(file, {{"count", at::full({1}, 9, at::kLong)},
                                    {"mean", at::full({2}, 1.0, at::kDouble)},
                                    {"covariance", at::full({2, 2}, 0.5, at::kDouble)}});
  PooledFeatures set(10);
  set.merge(file);
  EXPECT_EQ(set.images(), 9);
  EXPECT_EQ(set.vectors().size(0), 0);
}

TEST_F(PooledFeaturesTest, RefusesFilesThatDoNotFit) {
  const at::Tensor count = at::full({1}, 9, at::kLong), mean = at::zeros({2}, at::kDouble),
                   square = at::zeros({2, 2}, at::kDouble);
  const auto refuses = [&](const std::vector<std::pair<std::string, at::Tensor>>& tensors) {
    const auto file = scratch_.path() / "wrong";
    weights::write_safetensors(file, tensors);
    PooledFeatures set(10);
    EXPECT_THROW(set.merge(file), Error);
    EXPECT_EQ(set.images(), 0);
  };
  refuses({{"count", count}, {"mean", mean}});
  refuses({{"count", count}, {"mean", square}, {"covariance", square}});
  refuses({{"count", count - 9}, {"mean", mean}, {"covariance", square}});
  refuses({{"count", count}, {"mean", mean}, {"covariance", square.to(at::kFloat)}});
  refuses({{"count", count}, {"mean", mean}, {"covariance", square / 0}});
  refuses({{"count", count},
           {"mean", mean},
           {"covariance", square},
           {"features", at::zeros({3, 2})},
           {"labels", at::zeros({2}, at::kLong)}});
  PooledFeatures set(10);
  EXPECT_THROW(set.merge(scratch_.path() / "absent"), IoError);
}

TEST_F(PooledFeaturesTest, RefusesFeaturesThatDoNotFit) {
  PooledFeatures set(10);
  const auto add = [&](const at::Tensor& features, int64_t count) {
    set.add(from_torch(features), labels(count));
  };
  EXPECT_THROW(add(at::zeros({2, 1, 3}), 1), ShapeError);
  EXPECT_THROW(add(at::zeros({2, 3}), 2), ShapeError);
  EXPECT_THROW(add(at::zeros({1, 1, kLongestFeature + 1}), 1), ShapeError);
  EXPECT_THROW(add(at::full({1, 1, 3}, std::numeric_limits<double>::infinity()), 1),
               ConfigurationError);
  EXPECT_THROW(set.save(scratch_.path() / "empty"), ConfigurationError);
  add(at::zeros({1, 1, 3}), 1);
  EXPECT_THROW(add(at::zeros({1, 1, 4}), 1), ShapeError);
  EXPECT_EQ(set.images(), 1);
  EXPECT_THROW(PooledFeatures(-1), ConfigurationError);
}

// What processes that share the images save, joined, against one process.
class FeatureParts : public PooledFeaturesTest {
 protected:
  std::filesystem::path part(int64_t rank, const at::Tensor& vectors,
                             const std::vector<int64_t>& images) {
    FeaturePart set;
    const at::Tensor chosen = vectors.index({at::tensor(images)});
    set.add(from_torch(chosen.unsqueeze(1)), labels(chosen.size(0)), images);
    const auto file = scratch_.path() / ("part" + std::to_string(rank));
    set.save(file);
    return file;
  }
};

TEST_F(FeatureParts, JoinToTheBitsOfOneProcess) {
  const at::Tensor vectors = wave({2500, 5}, 0.8);
  PooledFeatures alone(2000);
  for (int64_t at = 0; at < 2500; at += 50)  // buffers of any size
    alone.add(from_torch(vectors.narrow(0, at, 50).unsqueeze(1)), labels(50));
  alone.save(scratch_.path() / "alone");
  for (const int64_t world : {1, 2, 3}) {
    std::vector<std::filesystem::path> parts;
    for (int64_t rank = 0; rank < world; ++rank) {
      std::vector<int64_t> images;
      for (int64_t i = rank; i < 2500; i += world) images.push_back(i);
      parts.push_back(part(rank, vectors, images));
    }
    std::reverse(parts.begin(), parts.end());
    const auto joined = join_parts(2000, parts);
    EXPECT_EQ(joined->images(), 2500);
    joined->save(scratch_.path() / "joined");
    EXPECT_EQ(svgen::testing::read_text(scratch_.path() / "joined"),
              svgen::testing::read_text(scratch_.path() / "alone"));
  }
}

TEST_F(FeatureParts, ThatDoNotFitAreRefused) {
  const at::Tensor vectors = wave({6, 3});
  const auto first = part(0, vectors, {0, 1, 2});
  EXPECT_THROW(join_parts(9, std::vector{first, part(1, vectors, {2, 3})}), ConfigurationError);
  EXPECT_THROW(join_parts(9, std::vector{first, part(1, wave({6, 4}), {3})}), ShapeError);
  EXPECT_THROW(join_parts(9, std::vector{saved("whole", vectors, 9)}), WeightsError);
  FeaturePart set;
  EXPECT_THROW(set.merge(first), ConfigurationError);
  EXPECT_THROW(set.save(scratch_.path() / "empty"), ConfigurationError);
  EXPECT_THROW(set.add(from_torch(vectors.unsqueeze(1)), labels(6), std::vector<int64_t>{1}),
               ShapeError);
}

// What pytorch-fid, torch-fidelity and ADM publish.
class PublishedStatistics : public PooledFeaturesTest {
 protected:
  std::filesystem::path written(const at::Tensor& mu, const at::Tensor& sigma) {
    const auto file = scratch_.path() / "statistics";
    weights::write_safetensors(file, {{"mu", mu}, {"sigma", sigma}});
    return file;
  }
};

TEST_F(PublishedStatistics, AreMeanAndCovarianceOfAnUnknownCount) {
  const at::Tensor vectors = wave({30, 4}, 0.8).to(at::kDouble);
  PooledFeatures set(10);
  set.merge(written(vectors.mean(0), at::cov(vectors.t())));
  EXPECT_EQ(set.images(), -1);
  EXPECT_LT(largest_difference(set.moments().covariance(), at::cov(vectors.t())), 1e-15);
  EXPECT_THROW(set.add(from_torch(at::zeros({1, 1, 4})), labels(1)), ConfigurationError);
  EXPECT_THROW(set.merge(saved("more", vectors, 3)), ConfigurationError);
  EXPECT_THROW(set.save(scratch_.path() / "again"), ConfigurationError);
  PooledFeatures other(10);
  other.merge(saved("some", vectors, 3));
  EXPECT_THROW(other.merge(scratch_.path() / "statistics"), ConfigurationError);
}

TEST_F(PublishedStatistics, ThatAreMalformedAreRefused) {
  const at::Tensor mu = at::zeros({2}, at::kDouble), sigma = at::eye(2, at::kDouble);
  const auto refuses = [&](const at::Tensor& first, const at::Tensor& second) {
    PooledFeatures set(10);
    EXPECT_THROW(set.merge(written(first, second)), Error);
    EXPECT_EQ(set.images(), 0);
  };
  refuses(mu, at::eye(3, at::kDouble));
  refuses(sigma, sigma);
  refuses(mu.to(at::kLong), sigma);
  refuses(mu, sigma / 0);
  refuses(mu, at::tensor({1.0, 0.5, 0.0, 1.0}).view({2, 2}));
}

}  // namespace
}  // namespace svgen::eval
