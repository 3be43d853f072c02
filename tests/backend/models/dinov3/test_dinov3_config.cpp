// SPDX-License-Identifier: MIT
// Sizes of the semantic encoder from card, preset and file.
#include <gtest/gtest.h>

#include "backend/models/module_source.h"
#include "models/dinov3/dinov3.h"

namespace svgen {
namespace {

using models::DinoV3Config;

std::string rejected(const EncoderConfig& card, const weights::StateSource& source,
                     int64_t patch = 16) {
  return test::rejected_keys([&] { models::infer_dinov3_config(card, source, patch); });
}

TEST(DinoV3Presets, GiveTheirOwnSizesBackFromAFile) {
  for (std::string_view name : models::kDinoV3.preset_names()) {
    const DinoV3Config& preset = *models::kDinoV3.find_preset(name);
    EncoderConfig card;
    card.preset = name;
    EXPECT_EQ(models::infer_dinov3_config(card, test::ModuleSource(models::DinoV3(preset)), 16),
              preset)
        << name;
  }
  EXPECT_EQ(models::kDinoV3.find_preset("dinov2"), nullptr);
}

TEST(DinoV3Presets, UnknownNameIsRefusedWithTheKnownOnes) {
  EncoderConfig card;
  card.preset = "dinov2";
  try {
    models::infer_dinov3_config(card, test::ModuleSource(models::DinoV3({})), 16);
    FAIL() << "no error";
  } catch (const ConfigurationError& error) {
    EXPECT_NE(error.expected().find("dinov3-vits16plus"), std::string::npos);
  }
}

const DinoV3Config kSmall = {
    .patch = 8, .width = 32, .depth = 2, .heads = 2, .ffn = 40, .registers = 3, .rope_base = 50};

TEST(DinoV3Sizes, ComeFromTheFileWhenTheCardLeavesThemOut) {
  EncoderConfig card;
  card.rope_base = 50;  // not in a file
  EXPECT_EQ(models::infer_dinov3_config(card, test::ModuleSource(models::DinoV3(kSmall)), 8),
            kSmall);
}

TEST(DinoV3Sizes, HeadsMustBeGivenWhenTheFileHasNoPeriods) {
  test::ModuleSource source{models::DinoV3(kSmall)};
  source.erase("rope_embed.periods");
  EXPECT_EQ(rejected({}, source, 8), "encoder.heads");
  EncoderConfig card;
  card.heads = 2;
  EXPECT_EQ(rejected(card, source, 8), "");
}

TEST(DinoV3Sizes, ContradictionsAreNamedTogether) {
  const test::ModuleSource source{models::DinoV3(kSmall)};
  EncoderConfig card;
  card.width = 64;
  card.depth = 3;
  card.ffn = 41;
  card.registers = 4;
  card.heads = 4;
  EXPECT_EQ(rejected(card, source, 16),
            "encoder.width; encoder.patch; encoder.depth; encoder.ffn; encoder.registers; "
            "encoder.heads");
}

}  // namespace
}  // namespace svgen
