// SPDX-License-Identifier: MIT
// The row of sit: its process and its spelling. Parity is in tests/reference.
#include <gtest/gtest.h>

#include "models/dit/dit.h"
#include "svgen/error.h"
#include "systems/files.h"
#include "systems/system.h"

namespace svgen::systems {
namespace {

TEST(Sit, NamesItsProcessAndTransformer) {
  Card card;
  card.system = "sit";
  EXPECT_EQ(process_of(card).path, diffusion::Path::kStraight);
  EXPECT_EQ(spelling_of(card, ModelPart::kDiffusion), &models::kDitSpelling);
  card.diffusion = DiffusionConfig{};
  card.diffusion->path = "gvp";
  EXPECT_EQ(process_of(card).path, diffusion::Path::kGvp);
}

}  // namespace
}  // namespace svgen::systems
