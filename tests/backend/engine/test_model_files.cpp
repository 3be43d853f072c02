// SPDX-License-Identifier: MIT
// The files behind a card: missing keys, missing files and wrong digests have clear reports.
#include "engine/model_files.h"

#include "backend/engine/support.h"
#include "svgen/support.h"

namespace svgen::engine {
namespace {

using enum ModelPart;

Card tiny() {
  return Card::load(kTinyCard);
}

TEST(ModelFiles, SaysWhichKeyTheCardLacks) {
  Card card = tiny();
  card.encoder.reset();
  const ModelFiles files(card);
  EXPECT_FALSE(files.names(kEncoder));
  const std::string report = report_of<ConfigurationError>([&] { files.open(kEncoder); });
  EXPECT_NE(report.find("\"encoder\""), std::string::npos) << report;
  EXPECT_NE(report.find("only residual, decoder, diffusion, statistics"), std::string::npos);
  EXPECT_NE(report.find(kTinyCard.string()), std::string::npos) << report;
}

TEST(ModelFiles, OpensEveryPartOfBothContainers) {
  for (const char* name : {"card.json", "published.json"}) {
    const ModelFiles files(Card::load(kTinyCard.parent_path() / name));
    for (const ModelPart part : {kEncoder, kResidual, kDecoder, kDiffusion, kStatistics})
      EXPECT_FALSE(files.open(part)->tensors().empty()) << name;
  }
}

TEST(ModelFiles, ReportsAMissingFileOnlyToWhoNeedsIt) {
  Card card = tiny();
  card.decoder->source.file = "absent.safetensors";
  const ModelFiles files(card);
  EXPECT_TRUE(files.names(kDecoder));
  EXPECT_EQ(files.open_if_there(kDecoder), nullptr);
  const std::string report = report_of<IoError>([&] { files.open(kDecoder); });
  EXPECT_NE(report.find("absent.safetensors"), std::string::npos) << report;
}

TEST(ModelFiles, RefusesOneShardOfSeveral) {
  const svgen::testing::ScratchFolder folder;
  Card card = tiny();
  card.diffusion->source.file =
      folder.write("m-00001-of-00002.safetensors", "whatever is in it").string();
  const std::string report = report_of<IoError>([&] { ModelFiles(card).open(kDiffusion); });
  EXPECT_NE(report.find("m.safetensors.index.json"), std::string::npos) << report;
  EXPECT_NE(report.find("shard 1 of 2"), std::string::npos) << report;
}

TEST(ModelFiles, ChecksTheDigestUnderWhicheverRoleItStands) {
  Card card = tiny();
  card.encoder->source.sha256 = std::string(64, '0');
  const ModelFiles files(card);
  EXPECT_THROW(files.verify(kEncoder), WeightsError);
  EXPECT_THROW(files.verify(kDecoder), WeightsError);  // the same file
  EXPECT_NO_THROW(files.verify(kDiffusion));
}

}  // namespace
}  // namespace svgen::engine
