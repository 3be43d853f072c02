// SPDX-License-Identifier: MIT
// The recorder: shards merge to the same file, mixtures are refused, errors leave it as it was.
#include "engine/recorder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>

#include <limits>
#include <sstream>

#include "backend/engine/support.h"

namespace svgen::engine {
namespace {

std::string bytes_of(const std::filesystem::path& file) {
  std::ostringstream bytes;
  bytes << std::ifstream(file, std::ios::binary).rdbuf();
  return bytes.str();
}

TEST(SumsRecorder, MergesShardsInAnyOrderToTheSameFile) {
  const Tensor semantic = from_torch(at::randn({5, 16, 12}));
  const Tensor residual = from_torch(at::randn({5, 16, 8}));
  SumsRecorder whole, first, second, merged;
  whole.add_features(semantic, residual);
  first.add_features(semantic.rows(0, 2), residual.rows(0, 2));
  second.add_features(semantic.rows(2, 3), residual.rows(2, 3));
  const auto file = [](const char* name) { return scratch_file(name); };
  const auto all = file("all.st"), a = file("a.st"), b = file("b.st"), joined = file("joined.st");
  whole.save(all);
  first.save(a);
  second.save(b);
  merged.merge(b);
  merged.merge(a);
  merged.save(joined);
  EXPECT_EQ(merged.images(), 5);
  EXPECT_EQ(bytes_of(joined), bytes_of(all));
}

TEST(SumsRecorder, KeepsOnlyMeanAndDeviationOfLatents) {
  SumsRecorder recorder;
  recorder.add_latents(from_torch(at::randn({2, 16, 12})));
  const auto file = scratch_file("latents.st");
  recorder.save(file);
  const auto source = weights::open_weights(file);
  EXPECT_EQ(latent::read_statistics(*source).channels(), 12);
  EXPECT_FALSE(latent::read_alignment(*source).has_value());
}

TEST(SumsRecorder, TakesFeaturesOrLatentsButNotBoth) {
  SumsRecorder recorder;
  recorder.add_latents(from_torch(at::randn({2, 16, 12})));
  EXPECT_THROW(
      recorder.add_features(from_torch(at::randn({2, 16, 12})), from_torch(at::randn({2, 16, 8}))),
      ConfigurationError);
  EXPECT_THROW(recorder.add_latents(from_torch(at::randn({2, 16, 13}))), ShapeError);
  EXPECT_EQ(recorder.images(), 2);
}

TEST(SumsRecorder, StaysAsItWasWhenHalfOfAnInputIsBad) {
  SumsRecorder recorder;
  at::Tensor residual = at::randn({1, 16, 8});
  const Tensor semantic = from_torch(at::randn({1, 16, 12}));
  recorder.add_features(semantic, from_torch(residual));
  const auto before = scratch_file("before.st"), after = scratch_file("after.st");
  recorder.save(before);
  at::Tensor bad = residual.clone();
  bad[0][3][2] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(recorder.add_features(semantic, from_torch(bad)), ConfigurationError);
  recorder.save(after);
  EXPECT_EQ(bytes_of(before), bytes_of(after));
}

TEST(SumsRecorder, RefusesFilesWithoutSums) {
  SumsRecorder recorder;
  EXPECT_THROW(recorder.merge(SVGEN_MODELS "/mini/stats.safetensors"), WeightsError);
  EXPECT_THROW(recorder.merge(scratch_file("absent.st")), IoError);
  EXPECT_THROW(recorder.save(scratch_file("empty.st")), ConfigurationError);
}

}  // namespace
}  // namespace svgen::engine
