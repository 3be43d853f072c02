// SPDX-License-Identifier: MIT
// The row of lightningdit: its process and its spelling. Parity is in tests/reference.
#include <gtest/gtest.h>

#include "models/dit/dit.h"
#include "svgen/error.h"
#include "systems/files.h"
#include "systems/system.h"

namespace svgen::systems {
namespace {

TEST(LightningDit, NamesItsProcessAndTransformer) {
  Card card;
  card.system = "lightningdit";
  EXPECT_EQ(process_of(card).path, diffusion::Path::kStraight);
  EXPECT_EQ(spelling_of(card, ModelPart::kDiffusion), &models::kDitSpelling);
}

}  // namespace
}  // namespace svgen::systems
