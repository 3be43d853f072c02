// SPDX-License-Identifier: MIT
// The kinds of encoders that a card may name.
#include <gtest/gtest.h>

#include "svgen/error.h"
#include "systems/kinds.h"

namespace svgen::systems {
namespace {

Card card_with(const std::string& kind) {
  return Card::parse(
      R"({"name": "n", "patch": 8, "grid": [4, 4], "encoder": {"file": "f", "kind": ")" + kind +
          R"("}})",
      "card.json");
}

// The reader of cards has a table of its own, without LibTorch.
TEST(EncoderKinds, AreThoseThatCardsMayName) {
  for (const auto& kind : encoder_kinds())
    EXPECT_STREQ(encoder_kind(card_with(kind.name)).name, kind.name);
}

TEST(EncoderKinds, UnknownOnesAreAProblemOfTheCard) {
  EXPECT_THROW(card_with("conv"), ConfigurationError);
  Card card;
  card.encoder = EncoderConfig{.kind = "none"};
  EXPECT_THROW(encoder_kind(card), ConfigurationError);
}

TEST(EncoderKinds, AreSvgsWhereACardNamesNone) {
  EXPECT_STREQ(encoder_kind({}).name, "dinov3");
}

TEST(EncoderKinds, GaussianOnesAreMarked) {
  EXPECT_TRUE(encoder_kind(card_with("kl")).is_gaussian);
  EXPECT_FALSE(encoder_kind({}).is_gaussian);
}

}  // namespace
}  // namespace svgen::systems
