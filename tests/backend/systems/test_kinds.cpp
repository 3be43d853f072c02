// SPDX-License-Identifier: MIT
// The kinds of encoders and decoders that a card may name.
#include "systems/kinds.h"

#include <gmock/gmock.h>

#include "svgen/error.h"

namespace svgen::systems {
namespace {

constexpr char kHead[] = R"({"name": "n", "patch": 8, "grid": [4, 4], )";

Card card_with(const std::string& part, const std::string& kind) {
  return Card::parse(kHead + ("\"" + part) + R"(": {"file": "f", "kind": ")" + kind + R"("}})",
                     "card.json");
}

// The reader of cards has a table of its own, without LibTorch.
TEST(Kinds, AreThoseThatCardsMayName) {
  for (const auto& kind : encoder_kinds())
    EXPECT_STREQ(encoder_kind(card_with("encoder", kind.name)).name, kind.name);
  for (const auto& kind : decoder_kinds())
    EXPECT_STREQ(decoder_kind(card_with("decoder", kind.name)).name, kind.name);
}

TEST(Kinds, UnknownOnesAreAProblemOfTheCard) {
  EXPECT_THROW(card_with("encoder", "dino"), ConfigurationError);
  EXPECT_THROW(card_with("decoder", "dinov3"), ConfigurationError);
  Card card;
  card.encoder = EncoderConfig{.kind = "none"};
  EXPECT_THROW(encoder_kind(card), ConfigurationError);
}

TEST(Kinds, AreSvgsWhereACardNamesNone) {
  EXPECT_STREQ(encoder_kind({}).name, "dinov3");
  EXPECT_STREQ(decoder_kind({}).name, "conv");
}

TEST(Kinds, GaussianOnesAreMarked) {
  EXPECT_TRUE(encoder_kind(card_with("encoder", "kl")).is_gaussian);
  EXPECT_FALSE(encoder_kind({}).is_gaussian);
}

}  // namespace
}  // namespace svgen::systems
