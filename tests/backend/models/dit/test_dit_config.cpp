// SPDX-License-Identifier: MIT
// Sizes of the diffusion transformer from card, preset and file.
#include <gtest/gtest.h>

#include "backend/models/module_source.h"
#include "models/dit/dit.h"

namespace svgen {
namespace {

using models::DitConfig;

std::string rejected(const DiffusionConfig& card, const weights::StateSource& source) {
  return test::rejected_keys([&] { models::infer_dit_config(card, source); });
}

TEST(DitPresets, GiveTheirOwnSizesBackFromAFile) {
  for (std::string_view name : models::kDit.preset_names()) {
    const DitConfig& preset = *models::kDit.find_preset(name);
    const test::ModuleSource source{models::Dit(preset)};
    DiffusionConfig card;
    EXPECT_EQ(models::infer_dit_config(card, source), preset) << name;
    card.preset = name;
    EXPECT_EQ(models::infer_dit_config(card, source), preset) << name;
  }
}

TEST(DitPresets, UnknownNameIsRefusedWithTheKnownOnes) {
  DiffusionConfig card;
  card.preset = "svg-xs";
  try {
    models::infer_dit_config(card, test::ModuleSource(models::Dit({})));
    FAIL() << "no error";
  } catch (const ConfigurationError& error) {
    EXPECT_NE(error.expected().find("svg-xl"), std::string::npos);
  }
}

TEST(DitPresets, LeaveLatentAndClassesToTheFile) {
  DitConfig config = *models::kDit.find_preset("svg-s");
  config.channels = 32;
  config.classes = 10;
  config.tokens = 64;
  config.learn_sigma = false;
  DiffusionConfig card;
  card.preset = "svg-s";
  EXPECT_EQ(models::infer_dit_config(card, test::ModuleSource(models::Dit(config))), config);
}

const DitConfig kSmall = {
    .channels = 6, .width = 32, .depth = 2, .heads = 4, .mlp = 48, .classes = 3, .tokens = 9};

TEST(DitSizes, HeadsMustBeGivenWithoutAQueryNorm) {
  DitConfig config = kSmall;
  config.qk_norm = nn::QkNorm::kNone;
  const test::ModuleSource source{models::Dit(config)};
  EXPECT_EQ(rejected({}, source), "diffusion.heads");
  DiffusionConfig card;
  card.heads = 4;
  EXPECT_EQ(models::infer_dit_config(card, source), config);
}

TEST(DitSizes, ContradictionsAreNamedTogether) {
  DiffusionConfig card;
  card.width = 33;
  card.depth = 1;
  card.heads = 2;
  card.mlp = 1;
  card.classes = 1000;
  card.learn_sigma = false;
  card.qk_norm = false;
  EXPECT_EQ(rejected(card, test::ModuleSource(models::Dit(kSmall))),
            "diffusion.width; diffusion.depth; diffusion.mlp; diffusion.classes; "
            "diffusion.learn_sigma; diffusion.qk_norm; diffusion.heads");
}

}  // namespace
}  // namespace svgen
