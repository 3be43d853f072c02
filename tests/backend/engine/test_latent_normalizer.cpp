// SPDX-License-Identifier: MIT
// The model's statistics: read where needed, undone exactly, checked against the latent.
#include "engine/latent_normalizer.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/rand.h>

#include "backend/engine/support.h"

namespace svgen::engine {
namespace {

TEST(LatentNormalizer, NormalizeAndDenormalizeUndoEachOther) {
  const ModelFiles files(Card::load(kTinyCard));
  runtime::Runtime runtime(Device{}, DType::kFloat32);
  LatentNormalizer statistics(files, runtime);
  statistics.load(56, 16);
  const at::Tensor latents = at::rand({2, 16, 56});
  const at::Tensor normalized = statistics.normalize(latents);
  EXPECT_FALSE(at::allclose(normalized, latents));
  EXPECT_TRUE(at::allclose(statistics.denormalize(normalized), latents, 1e-5, 1e-6));
}

TEST(LatentNormalizer, RefuseAnotherNumberOfChannels) {
  const ModelFiles files(Card::load(kTinyCard));
  runtime::Runtime runtime(Device{}, DType::kFloat32);
  LatentNormalizer statistics(files, runtime);
  const std::string report = report_of<ConfigurationError>([&] { statistics.load(392, 16); });
  EXPECT_NE(report.find("expected 392 channels; found 56"), std::string::npos) << report;
}

TEST(LatentNormalizer, AreMissedOnlyWhenAskedFor) {
  Card card = Card::load(kTinyCard);
  card.statistics.reset();
  const ModelFiles files(card);
  runtime::Runtime runtime(Device{}, DType::kFloat32);
  LatentNormalizer statistics(files, runtime);
  EXPECT_FALSE(statistics.alignment().has_value());
  EXPECT_THROW(statistics.load(56, 16), ConfigurationError);
}

TEST(LatentNormalizer, TakeTheScalarsOfTheCardOrElseOfTheFile) {
  runtime::Runtime runtime(Device{}, DType::kFloat32);
  const ModelFiles mini(Card::load(kMiniCard));
  EXPECT_EQ(LatentNormalizer(mini, runtime).alignment()->residual_mean, 4.436277591495054);

  latent::RecordedSums sums{1, latent::ChannelSums(48), latent::ChannelSums(8), std::nullopt};
  sums.semantic->add(at::rand({1, 16, 48}));
  sums.residual->add(at::rand({1, 16, 8}));
  const std::filesystem::path file = scratch_file("recorded.safetensors");
  latent::write_statistics(file, sums);
  Card card = Card::load(kTinyCard);
  card.statistics->file = file;
  const ModelFiles files(card);
  LatentNormalizer statistics(files, runtime);
  ASSERT_TRUE(statistics.alignment().has_value());
  EXPECT_EQ(statistics.alignment()->residual_mean, sums.residual->averaged_mean());
}

}  // namespace
}  // namespace svgen::engine
