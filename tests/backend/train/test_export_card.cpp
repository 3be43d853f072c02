// SPDX-License-Identifier: MIT
// The card beside a checkpoint.
#include "train/export_card.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "backend/train/support.h"
#include "svgen/support.h"

namespace svgen::train {
namespace {

TEST(ExportCard, NamesTheNewFileAndKeepsTheOthersReachable) {
  const Card card = Card::load(kTinyCard);
  const std::string text =
      exported_card(card, {{"residual", "extra_vit."}, {"decoder", "decoder."}});
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["residual"]["file"], "ema.safetensors");
  EXPECT_EQ(json["decoder"]["prefix"], "decoder.");
  EXPECT_TRUE(std::filesystem::path(json["encoder"]["file"].get<std::string>()).is_absolute());
  EXPECT_EQ(json["diffusion"]["width"], 64);
  EXPECT_NO_THROW(Card::parse(text, "/somewhere/card.json"));
}

TEST(ExportCard, HowTheWeightsBeforeWereTrainedIsForgotten) {
  const svgen::testing::ScratchFolder folder;
  auto json = nlohmann::json::parse(std::ifstream(kTinyCard));
  json["training"] = {{"minutes", 3}};
  const auto path = folder.write("card.json", json.dump());
  EXPECT_FALSE(nlohmann::json::parse(exported_card(Card::load(path), {})).contains("training"));
}

TEST(ExportCard, TakesTheNamesOfTheClassesWhereItHasNone) {
  const svgen::testing::ScratchFolder folder;
  const auto classes_of = [&](const char* own, const std::vector<std::string>& names) {
    auto json = nlohmann::json::parse(std::ifstream(kTinyCard));
    json["diffusion"]["classes"] = 2;
    json.erase("classes");
    if (own != nullptr) json["classes"] = {own, own};
    const auto path = folder.write("card.json", json.dump());
    const auto card = nlohmann::json::parse(exported_card(Card::load(path), {}, names));
    return card.value("classes", std::vector<std::string>());
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(classes_of(nullptr, {"cat", "dog"}), (Names{"cat", "dog"}));
  EXPECT_EQ(classes_of("mine", {"cat", "dog"}), (Names{"mine", "mine"}));
  EXPECT_EQ(classes_of(nullptr, {"cat", "dog", "eel"}), Names());
  EXPECT_EQ(classes_of(nullptr, {}), Names());
}

TEST(ExportCard, RefusesAFolderThatNoCardCanName) {
  const svgen::testing::ScratchFolder folder;
  const auto path = folder.write("caf\xe9/card.json", svgen::testing::read_text(kTinyCard));
  folder.write("caf\xe9/dit_tiny.safetensors", "any");
  EXPECT_THROW(exported_card(Card::load(path), {}), ConfigurationError);
}

TEST(ExportCard, ATrainedFileHasNoOldDigest) {
  const Card card = Card::load(SVGEN_MODELS "/mini/card.json");
  const auto json = nlohmann::json::parse(exported_card(card, {{"diffusion", ""}}));
  EXPECT_FALSE(json["diffusion"].contains("sha256"));
  EXPECT_FALSE(json["diffusion"].contains("prefix"));
  EXPECT_TRUE(json["encoder"].contains("sha256"));
}

}  // namespace
}  // namespace svgen::train
