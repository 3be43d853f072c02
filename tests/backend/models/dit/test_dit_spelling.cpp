// SPDX-License-Identifier: MIT
// The names of the diffusion transformer.
#include "models/dit/dit.h"

#include "backend/models/known_names.h"

namespace svgen {
namespace {

TEST(DitSpelling, KnowsTheNamesOfThePublishedFile) {
  test::expect_known_names("dit_tiny.pt", models::kDitSpelling.families[0]);
}

}  // namespace
}  // namespace svgen
