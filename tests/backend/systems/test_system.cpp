// SPDX-License-Identifier: MIT
// The table of systems.
#include "systems/system.h"

#include <gtest/gtest.h>

#include "svgen/error.h"

namespace svgen::systems {
namespace {

TEST(SystemOf, IsTheOneThatTheCardNames) {
  EXPECT_STREQ(system_of({}).name, "svg");
  Card card;
  card.system = "svgx";
  EXPECT_THROW(system_of(card), ConfigurationError);
}

TEST(RequireTrainable, RefusesWhatTheTrainersDoNotKnow) {
  Card card;
  EXPECT_NO_THROW(require_trainable(card, ModelPart::kDiffusion));
  card.system = "repa";
  EXPECT_THROW(require_trainable(card, ModelPart::kDiffusion), ConfigurationError);
  card.encoder = EncoderConfig{.kind = "dinov2"};
  EXPECT_THROW(require_trainable(card, ModelPart::kDecoder), ConfigurationError);
  EXPECT_THROW(require_trainable(card, ModelPart::kEncoder), ConfigurationError);
  card.encoder.reset();
  card.decoder = DecoderConfig{.kind = "kl"};
  EXPECT_THROW(require_trainable(card, ModelPart::kDecoder), ConfigurationError);
}

}  // namespace
}  // namespace svgen::systems
