// SPDX-License-Identifier: MIT
// Sizes of what is trained from nothing.
#include "train/sizes.h"

#include <gtest/gtest.h>

#include "backend/train/support.h"
#include "models/conv_decoder/conv_decoder.h"
#include "models/dinov3/dinov3.h"
#include "models/dit/dit.h"
#include "models/residual_vit/residual_vit.h"
#include "svgen/error.h"

namespace svgen::train {
namespace {

constexpr auto kScratch = Initialization::kScratch;

models::DinoV3Config encoder_sizes(const engine::ModelFiles& files) {
  return sizes_of(models::kDinoV3, files, kScratch);
}
models::ResidualVitConfig residual_sizes(const engine::ModelFiles& files) {
  return sizes_of(models::kResidualVit, files, kScratch);
}
models::ConvDecoderConfig decoder_sizes(const engine::ModelFiles& files, int64_t channels) {
  return sizes_of(models::kConvDecoder, files, kScratch, channels);
}
models::DitConfig diffusion_sizes(const engine::ModelFiles& files, int64_t channels) {
  return sizes_of(models::kDit, files, kScratch, channels);
}

Card edited(const std::function<void(Card&)>& edit) {
  Card card = Card::load(kTinyCard);
  edit(card);
  return card;
}

void remove_files(Card& card) {
  for (FileReference* file :
       {&card.residual->source, &card.decoder->source, &card.diffusion->source})
    *file = {"untrained", ""};
}

TEST(TrainingSizes, TheCardIsEnough) {
  const engine::ModelFiles files(edited(remove_files));
  EXPECT_EQ(residual_sizes(files).width, 32);
  EXPECT_EQ(residual_sizes(files).tokens, 16);
  EXPECT_EQ(decoder_sizes(files, 56).multipliers, (std::vector<int64_t>{1, 1, 2, 2, 4}));
  EXPECT_EQ(diffusion_sizes(files, 56).mlp, 256);
  EXPECT_EQ(diffusion_sizes(files, 56).channels, 56);
}

TEST(TrainingSizes, AnEncoderComesFromTheCardAPresetOrTheFile) {
  const auto edited_encoder = [](EncoderConfig encoder) {
    return encoder_sizes(engine::ModelFiles(edited([&](Card& card) { card.encoder = encoder; })));
  };
  const FileReference none{"untrained", ""};
  EXPECT_EQ(edited_encoder({.source = none, .preset = "dinov3-vits16plus"}).width, 384);
  const EncoderConfig full{
      .source = none, .width = 32, .depth = 1, .heads = 2, .ffn = 64, .registers = 0};
  EXPECT_EQ(edited_encoder(full).ffn, 64);
  EXPECT_EQ(edited_encoder(full).registers, 0);
  const engine::ModelFiles files(edited([](Card& card) { card.encoder->depth = 0; }));
  EXPECT_EQ(encoder_sizes(files).depth, 2);
  EncoderConfig odd = full;
  odd.heads = 16;
  EXPECT_THROW(edited_encoder(odd), ConfigurationError);
  odd.heads = 0;
  EXPECT_THROW(edited_encoder(odd), ConfigurationError);
}

TEST(TrainingSizes, TheFileFillsWhatTheCardLeavesOut) {
  const engine::ModelFiles files(edited([](Card& card) {
    card.residual->width = 0;
    card.decoder->channels = 0;
    card.diffusion->depth = 0;
  }));
  EXPECT_EQ(residual_sizes(files).width, 32);
  EXPECT_EQ(decoder_sizes(files, 56).channels, 32);
  EXPECT_EQ(diffusion_sizes(files, 56).depth, 2);
}

TEST(TrainingSizes, APresetCounts) {
  const engine::ModelFiles files(edited([](Card& card) {
    remove_files(card);
    card.diffusion = DiffusionConfig{.source = {"untrained", ""}, .preset = "svg-b", .classes = 7};
  }));
  EXPECT_EQ(diffusion_sizes(files, 56).width, 768);
  EXPECT_EQ(diffusion_sizes(files, 56).classes, 7);
}

TEST(TrainingSizes, MissingKeysAreNamed) {
  const engine::ModelFiles files(edited([](Card& card) {
    remove_files(card);
    card.residual->heads = 0;
    card.diffusion->classes = 0;
  }));
  try {
    residual_sizes(files);
    FAIL();
  } catch (const ConfigurationError& error) {
    EXPECT_NE(error.report().find("residual.heads"), std::string::npos) << error.report();
  }
  EXPECT_THROW(diffusion_sizes(files, 56), ConfigurationError);
}

}  // namespace
}  // namespace svgen::train
