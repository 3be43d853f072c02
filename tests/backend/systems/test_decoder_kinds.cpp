// SPDX-License-Identifier: MIT
// The kinds of decoders that a card may name.
#include <gtest/gtest.h>

#include "svgen/error.h"
#include "systems/kinds.h"

namespace svgen::systems {
namespace {

Card card_with(const std::string& kind) {
  return Card::parse(
      R"({"name": "n", "patch": 8, "grid": [4, 4], "decoder": {"file": "f", "kind": ")" + kind +
          R"("}})",
      "card.json");
}

// The reader of cards has a table of its own, without LibTorch.
TEST(DecoderKinds, AreThoseThatCardsMayName) {
  for (const auto& kind : decoder_kinds())
    EXPECT_STREQ(decoder_kind(card_with(kind.name)).name, kind.name);
}

TEST(DecoderKinds, UnknownOnesAreAProblemOfTheCard) {
  EXPECT_THROW(card_with("dinov3"), ConfigurationError);
  Card card;
  card.decoder = DecoderConfig{.kind = "none"};
  EXPECT_THROW(decoder_kind(card), ConfigurationError);
}

TEST(DecoderKinds, AreSvgsWhereACardNamesNone) {
  EXPECT_STREQ(decoder_kind({}).name, "conv");
}

}  // namespace
}  // namespace svgen::systems
