// SPDX-License-Identifier: MIT
// The row of dit: its process and its spelling. Parity is in tests/reference.
#include <gtest/gtest.h>

#include "models/dit/dit.h"
#include "svgen/error.h"
#include "systems/files.h"
#include "systems/system.h"

namespace svgen::systems {
namespace {

TEST(DitSystem, NamesItsProcessAndTransformer) {
  Card card;
  card.system = "dit";
  EXPECT_EQ(process_of(card).path, diffusion::Path::kDiffusion);
  EXPECT_EQ(spelling_of(card, ModelPart::kDiffusion), &models::kDitSpelling);
  // Its diffusion has no other path.
  card.diffusion = DiffusionConfig{};
  card.diffusion->path = "gvp";
  EXPECT_THROW(process_of(card), ConfigurationError);
}

}  // namespace
}  // namespace svgen::systems
