// SPDX-License-Identifier: MIT
// Statistics files: what is written is read back; sums reproduce the statistics of aligned latents.
#include "latent/stats_file.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <sstream>

#include "latent/match.h"
#include "svgen/error.h"
#include "weights/safetensors.h"

namespace svgen::latent {
namespace {

std::filesystem::path scratch(const std::string& name) {
  return std::filesystem::path(testing::TempDir()) / name;
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ostringstream bytes;
  bytes << std::ifstream(file, std::ios::binary).rdbuf();
  return bytes.str();
}

RecordedSums features(const at::Tensor& semantic, const at::Tensor& residual) {
  RecordedSums sums{semantic.size(0), ChannelSums(semantic.size(2)), ChannelSums(residual.size(2)),
                    std::nullopt};
  sums.semantic->add(semantic);
  sums.residual->add(residual);
  return sums;
}

void write_mean_and_std(const std::filesystem::path& file, const at::Tensor& mean,
                        const at::Tensor& std) {
  weights::write_safetensors(file, {{"dinov3_sp_mean", mean}, {"dinov3_sp_std", std}});
}

TEST(RecordedStatistics, AreThoseOfTheAlignedLatents) {
  const at::Tensor semantic = at::randn({5, 16, 12}), residual = at::randn({5, 16, 8}) * 7 - 3;
  const RecordedSums sums = features(semantic, residual);
  const at::Tensor latents =
      at::cat({semantic, match_distribution(residual, recorded_alignment(sums))}, 2);
  const at::Tensor flat = latents.flatten(0, 1);
  const LatentStatistics statistics = recorded_statistics(sums);
  EXPECT_TRUE(at::allclose(statistics.mean, flat.mean(0), 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(statistics.std, flat.std(0), 1e-5, 1e-6));
}

TEST(StatisticsFile, IsReadBackAsWritten) {
  const RecordedSums sums = features(at::randn({2, 16, 12}), at::randn({2, 16, 8}));
  const std::filesystem::path file = scratch("statistics.safetensors");
  write_statistics(file, sums);
  const auto source = weights::open_weights(file);
  EXPECT_EQ(source->read("dinov3_sp_mean").sizes(), (at::IntArrayRef{1, 1, 20}));
  EXPECT_TRUE(at::equal(read_statistics(*source).std, recorded_statistics(sums).std));
  EXPECT_EQ(read_alignment(*source)->semantic_std, recorded_alignment(sums).semantic_std);
  const RecordedSums copy = read_sums(*source);
  EXPECT_EQ(copy.images, 2);
  EXPECT_TRUE(at::equal(copy.residual->words(), sums.residual->words()));
}

TEST(StatisticsFile, HasTheSameBytesForTheSameSums) {
  const RecordedSums sums = features(at::randn({2, 16, 12}), at::randn({2, 16, 8}));
  write_statistics(scratch("once.safetensors"), sums);
  write_statistics(scratch("twice.safetensors"), sums);
  EXPECT_EQ(bytes_of(scratch("once.safetensors")), bytes_of(scratch("twice.safetensors")));
}

TEST(StatisticsFile, NeedsTwoTokensAndVaryingChannels) {
  const std::filesystem::path file = scratch("impossible.safetensors");
  EXPECT_THROW(write_statistics(file, {}), ConfigurationError);
  EXPECT_THROW(write_statistics(file, features(at::randn({1, 1, 12}), at::randn({1, 1, 8}))),
               ConfigurationError);
  EXPECT_THROW(write_statistics(file, features(at::ones({1, 16, 12}), at::randn({1, 16, 8}))),
               ConfigurationError);
}

TEST(StatisticsFile, IsRefusedWithUselessNumbers) {
  const std::filesystem::path file = scratch("useless.safetensors");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::pair<at::Tensor, at::Tensor> cases[] = {
      {at::ones({1, 1, 4}), at::full({1, 1, 4}, 0.0)},
      {at::full({1, 1, 4}, nan), at::ones({1, 1, 4})},
      {at::ones({1, 1, 4}), at::ones({1, 1, 5})}};
  for (const auto& [mean, std] : cases) {
    write_mean_and_std(file, mean, std);
    EXPECT_THROW(read_statistics(*weights::open_weights(file)), WeightsError);
  }
}

TEST(StatisticsFile, WithoutSumsOrScalarsSaysSo) {
  const std::filesystem::path file = scratch("published.safetensors");
  write_mean_and_std(file, at::ones({1, 1, 4}), at::ones({1, 1, 4}));
  EXPECT_FALSE(read_alignment(*weights::open_weights(file)).has_value());
  EXPECT_THROW(read_sums(*weights::open_weights(file)), WeightsError);
}

TEST(StatisticsFile, WithSomeScalarsIsRefused) {
  const std::filesystem::path file = scratch("partial.safetensors");
  weights::write_safetensors(file, {{"semantic_mean", at::ones({1})}});
  EXPECT_THROW(read_alignment(*weights::open_weights(file)), WeightsError);
}

}  // namespace
}  // namespace svgen::latent
