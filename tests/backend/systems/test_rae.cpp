// SPDX-License-Identifier: MIT
// The row of rae: its process and its spelling. Parity is in tests/reference.
#include <gtest/gtest.h>

#include "models/dit_dh/dit_dh.h"
#include "systems/files.h"
#include "systems/system.h"

namespace svgen::systems {
namespace {

TEST(RaeSystem, NamesItsProcessAndTransformer) {
  Card card;
  card.system = "rae";
  EXPECT_EQ(process_of(card).path, diffusion::Path::kStraight);
  EXPECT_LT(process_of(card).end, 1);
  EXPECT_EQ(spelling_of(card, ModelPart::kDiffusion), &models::kDitDhSpelling);
}

}  // namespace
}  // namespace svgen::systems
