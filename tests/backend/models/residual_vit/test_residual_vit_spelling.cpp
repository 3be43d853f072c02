// SPDX-License-Identifier: MIT
// The names of the residual ViT.
#include "models/residual_vit/residual_vit.h"

#include "backend/models/known_names.h"

namespace svgen {
namespace {

TEST(ResidualVitSpelling, KnowsTheNamesOfThePublishedFile) {
  test::expect_known_names("autoencoder_tiny.safetensors", models::kResidualVitSpelling.families[0],
                           "extra_vit.");
}

}  // namespace
}  // namespace svgen
