// SPDX-License-Identifier: MIT
// The row of rit: its process and its spelling. Parity is in tests/reference.
#include <gtest/gtest.h>

#include "models/rit/rit.h"
#include "systems/files.h"
#include "systems/system.h"

namespace svgen::systems {
namespace {

TEST(RitRow, NamesItsProcessAndTransformer) {
  Card card;
  card.system = "rit";
  EXPECT_EQ(process_of(card).path, diffusion::Path::kStraight);
  EXPECT_TRUE(process_of(card).ends_with_euler);
  EXPECT_EQ(spelling_of(card, ModelPart::kDiffusion), &models::kRitSpelling);
}

}  // namespace
}  // namespace svgen::systems
