// SPDX-License-Identifier: MIT
// Sizes of a KL autoencoder from card and file.
#include <gtest/gtest.h>

#include "backend/models/module_source.h"
#include "models/kl_autoencoder/kl_autoencoder.h"

namespace svgen::models {
namespace {

Card card_of(int64_t cell) {
  Card card;
  card.patch = cell;
  card.encoder = EncoderConfig{};
  card.decoder = DecoderConfig{};
  return card;
}

const KlEncoderConfig kVa = {.latent_channels = 32,
                             .z_channels = 32,
                             .channels = 32,
                             .multipliers = {1, 1, 2, 2, 4},
                             .attention_levels = {4}};

TEST(KlSizes, ComeFromTheFile) {
  EXPECT_EQ(kKlEncoder.from_file(card_of(16), test::ModuleSource(KlEncoder(kVa)), 0), kVa);
  const KlDecoderConfig sd;
  EXPECT_EQ(kKlDecoder.from_file(card_of(8), test::ModuleSource(KlDecoder(sd)), 4), sd);
}

TEST(KlSizes, ContradictionsAreNamed) {
  Card card = card_of(16);
  card.encoder->channels = 64;
  card.encoder->multipliers = {1, 2};
  card.encoder->attention_levels = {1};
  card.encoder->res_blocks = 3;
  const test::ModuleSource source{KlEncoder(kVa)};
  EXPECT_EQ(test::rejected_keys([&] { kKlEncoder.from_file(card, source, 0); }),
            "encoder.channels; encoder.multipliers; encoder.attention_levels; encoder.res_blocks");
  EXPECT_THROW(kKlEncoder.from_file(card_of(8), source, 0), ConfigurationError);
}

// The latents of SD-VAE, say, in a decoder of VA-VAE.
TEST(KlSizes, AnotherLatentIsRefused) {
  const test::ModuleSource source{KlDecoder({})};
  EXPECT_THROW(kKlDecoder.from_file(card_of(8), source, 32), ConfigurationError);
}

}  // namespace
}  // namespace svgen::models
