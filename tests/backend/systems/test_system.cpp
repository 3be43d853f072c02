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

TEST(ObjectiveOf, IsThePublishedOne) {
  Card card;
  EXPECT_EQ(objective_of(card).shift, 0.4);
  card.system = "repa";
  EXPECT_EQ(objective_of(card).alignment_weight, 0.5);
  card.system = "lightningdit";
  EXPECT_TRUE(objective_of(card).logit_normal);
  card.system = "rae";
  EXPECT_THROW(objective_of(card), ConfigurationError);
}

TEST(ConventionOf, TakesTheCardsPrediction) {
  Card card;
  card.diffusion = DiffusionConfig{};
  const models::Convention reversed = {.prediction = models::Prediction::kReversedVelocity,
                                       .time = models::ModelTime::kDataToNoise};
  EXPECT_EQ(convention_of(card, reversed, true).prediction, models::Prediction::kReversedVelocity);
  card.diffusion->prediction = "clean";
  EXPECT_EQ(convention_of(card, reversed, true).prediction, models::Prediction::kCleanData);
  EXPECT_EQ(convention_of(card, reversed, true).time, models::ModelTime::kDataToNoise);
  EXPECT_THROW(convention_of(card, {.prediction = models::Prediction::kNoise}, true),
               ConfigurationError);
  EXPECT_THROW(convention_of(card, reversed, false), ConfigurationError);
  card.diffusion->path = "gvp";
  EXPECT_THROW(convention_of(card, reversed, true), ConfigurationError);
}

}  // namespace
}  // namespace svgen::systems
