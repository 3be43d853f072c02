// SPDX-License-Identifier: MIT
// The kinds of files that follow from the table of systems.
#include "systems/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/models/known_names.h"

namespace svgen::systems {
namespace {

TEST(FileLayouts, AreTheCheckpointsThenEachNetworkAloneInEachSpelling) {
  std::vector<std::string> titles;
  for (const weights::FileLayout& layout : file_layouts()) titles.push_back(layout.title);
  EXPECT_THAT(titles, ::testing::ElementsAre(
                          "SVG autoencoder checkpoint", "DINOv3 encoder in Meta's spelling",
                          "DINOv3 encoder in the spelling of HF transformers",
                          "DINOv3 encoder in timm's spelling", "DINOv2 encoder",
                          "DINOv2 encoder in the spelling of HF transformers", "MAE encoder",
                          "MAE encoder in the spelling of HF transformers",
                          "SigLIP 2 encoder in the spelling of HF transformers", "KL autoencoder",
                          "KL autoencoder (diffusers)", "KL autoencoder (diffusers, older)",
                          "residual ViT", "decoder", "KL autoencoder", "KL autoencoder (diffusers)",
                          "KL autoencoder (diffusers, older)", "RAE's ViT decoder",
                          "diffusion transformer", "DiT or SiT", "REPA's SiT", "LightningDiT",
                          "DiT (diffusers)", "LightningDiT with SVG's embedder", "DiT-DH", "RiT",
                          "latent statistics", "latent statistics under plain names"));
}

TEST(FileLayouts, KnowTheNamesOfStatistics) {
  const std::vector<weights::FileLayout> layouts = file_layouts();
  test::expect_known_names("stats_tiny.pt", *layouts.end()[-2].parts.front().family);
}

TEST(FileLayouts, GiveEverySurplusRowAReason) {
  for (const weights::FileLayout& layout : file_layouts())
    for (const weights::FileLayout::Part& part : layout.parts)
      for (const weights::KeyRule& rule : part.family->rules)
        EXPECT_EQ(
            rule.need == weights::KeyNeed::kSurplus || rule.need == weights::KeyNeed::kWithGroup,
            rule.note[0] != '\0')
            << rule.source;
}

}  // namespace
}  // namespace svgen::systems
