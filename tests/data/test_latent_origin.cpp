// SPDX-License-Identifier: MIT
// The checksum that tells one model's latents from another's.
#include "data/latent_origin.h"

#include "svgen/support.h"

namespace svgen {
namespace {

Card card_with(const std::filesystem::path& folder, const std::string& encoder) {
  Card card;
  card.name = "a model";
  card.path = folder / "card.json";
  card.patch = 8;
  card.encoder = EncoderConfig{};
  card.encoder->source.file = encoder;
  return card;
}

TEST(LatentOrigin, FollowsTheContentsOfTheFilesNotTheirNames) {
  const testing::ScratchFolder folder;
  folder.write("one", "weights");
  folder.write("same", "weights");
  folder.write("other", "weightz");
  const auto checksum = [&](const Card& card) { return latent_origin(card).checksum; };
  const Card one = card_with(folder.path(), "one");
  EXPECT_EQ(latent_origin(one).model, "a model");
  EXPECT_EQ(checksum(one).size(), 64u);
  EXPECT_EQ(checksum(one), checksum(card_with(folder.path(), "same")));
  EXPECT_NE(checksum(one), checksum(card_with(folder.path(), "other")));

  Card with_residual = one;
  with_residual.residual = ResidualConfig{};
  with_residual.residual->source.file = "same";
  EXPECT_NE(checksum(with_residual), checksum(one));
  Card another_decoder = one;
  another_decoder.decoder = DecoderConfig{};
  another_decoder.name = "b";
  EXPECT_EQ(checksum(another_decoder), checksum(one)) << "a decoder changes no latents";
}

TEST(LatentOrigin, TakesTheCardsChecksumWithoutTheFile) {
  const testing::ScratchFolder folder;
  Card card = card_with(folder.path(), "nowhere");
  const std::string nothing = latent_origin(card).checksum;
  card.encoder->source.sha256 = std::string(64, 'a');
  EXPECT_NE(latent_origin(card).checksum, nothing);
}

}  // namespace
}  // namespace svgen
