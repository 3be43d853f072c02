// SPDX-License-Identifier: MIT
// Sizes come from card and headers, and contradictions between parts are found at once.
#include "engine/model_info.h"

#include "backend/engine/support.h"

namespace svgen::engine {
namespace {

Card tiny() {
  return Card::load(kTinyCard);
}

ModelInfo info_of(const Card& card) {
  return infer_model_info(ModelFiles(card));
}

TEST(ModelInfo, KnowsACompleteModel) {
  for (const char* name : {"card.json", "published.json"}) {
    const ModelInfo info = info_of(Card::load(kTinyCard.parent_path() / name));
    EXPECT_EQ(info.semantic_channels, 48);
    EXPECT_EQ(info.residual_channels, 8);
    EXPECT_EQ(info.latent_channels, 56);
    EXPECT_EQ(info.classes, 10);
    EXPECT_TRUE(info.has_encoder && info.has_residual && info.has_sampler && info.has_decoder);
    EXPECT_TRUE(info.has_statistics);
    EXPECT_FALSE(info.has_alignment);
  }
}

TEST(ModelInfo, KnowsTheEmbeddedModel) {
  const ModelInfo info = info_of(Card::load(kMiniCard));
  EXPECT_EQ(info.latent_channels, 152);
  EXPECT_EQ(info.classes, 16);
  EXPECT_TRUE(info.has_alignment);
}

TEST(ModelInfo, OfAGeneratorHasNoFeatures) {
  Card card = tiny();
  card.encoder.reset();
  card.residual.reset();
  const ModelInfo info = info_of(card);
  EXPECT_FALSE(info.has_encoder);
  EXPECT_EQ(info.semantic_channels, 0);
  EXPECT_EQ(info.latent_channels, 56);
}

TEST(ModelInfo, InfersSemanticChannelsFromTheRest) {
  Card card = tiny();
  card.encoder.reset();
  EXPECT_EQ(info_of(card).semantic_channels, 48);
}

TEST(ModelInfo, FallsBackOnTheCardWhereFilesAreMissing) {
  Card card = tiny();
  card.encoder->source.file = card.residual->source.file = "absent.safetensors";
  card.diffusion->source.file = "absent.pt";
  const ModelInfo info = info_of(card);
  EXPECT_EQ(info.semantic_channels, 48);
  EXPECT_EQ(info.residual_channels, 8);
  EXPECT_EQ(info.classes, 10);
  EXPECT_TRUE(info.has_sampler);
}

TEST(ModelInfo, NamesThePartsThatDisagree) {
  Card card = tiny();
  card.statistics->file = SVGEN_MODELS "/mini/stats.safetensors";
  const std::string report = report_of<ConfigurationError>([&] { info_of(card); });
  EXPECT_NE(report.find("diffusion 56, statistics 152"), std::string::npos) << report;
}

TEST(ModelInfo, NamesTheFileOfEachPartThatDisagrees) {
  Card card = tiny();
  card.statistics->file = SVGEN_MODELS "/mini/stats.safetensors";
  card.residual->source.file = "svg_autoencoder_tiny.ckpt";
  const std::string folder = kTinyCard.parent_path().string();
  const std::string report = report_of<ConfigurationError>([&] { info_of(card); });
  for (const std::string& part :
       {"encoder and residual " + folder + "/autoencoder_tiny.safetensors and " + folder +
            "/svg_autoencoder_tiny.ckpt,",
        "diffusion " + folder + "/dit_tiny.safetensors,",
        std::string("statistics " SVGEN_MODELS "/mini/stats.safetensors,"),
        "decoder " + folder + "/autoencoder_tiny.safetensors,", "card " + kTinyCard.string()})
    EXPECT_NE(report.find(part), std::string::npos) << part << "\n" << report;
}

TEST(ModelInfo, RefusesNamesForOtherClassesThanTheWeightsHave) {
  Card card = tiny();
  card.classes = {"one", "two"};
  const std::string report = report_of<ConfigurationError>([&] { info_of(card); });
  EXPECT_NE(report.find("expected 10 names"), std::string::npos) << report;
}

TEST(ModelInfo, RefusesAGridThatTheDiffusionWeightsDoNotHave) {
  Card card = tiny();
  card.grid = {4, 5};
  const std::string report = report_of<ConfigurationError>([&] { info_of(card); });
  EXPECT_NE(report.find("16 tokens"), std::string::npos) << report;
}

TEST(ModelInfo, RefusesADecoderOfAnotherPatch) {
  Card card = tiny();
  card.encoder.reset();
  card.residual.reset();
  card.patch = 8;
  EXPECT_THROW(info_of(card), ConfigurationError);
}

}  // namespace
}  // namespace svgen::engine
