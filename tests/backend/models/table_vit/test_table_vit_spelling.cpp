// SPDX-License-Identifier: MIT
// The tables of names of DINOv2, MAE and SigLIP 2.
#include <gmock/gmock.h>

#include "backend/models/module_source.h"
#include "models/table_vit/table_vit.h"

namespace svgen::models {
namespace {

TEST(TableVitSpelling, KnowsTheModulesNames) {
  const test::ModuleSource source{TableVit({.depth = 2, .registers = 4})};
  std::vector<std::string> names;
  for (const weights::TensorInfo& info : source.tensors()) names.push_back(info.name);
  EXPECT_EQ(names.size(), 35u);
  EXPECT_EQ(count_known(kDinoV2Spelling.families[0], names), names.size());
  EXPECT_THAT(missing_keys(kDinoV2Spelling.families[0], names), ::testing::IsEmpty());
}

TEST(TableVitSpelling, DropsThePrefixesOfWholeModels) {
  const auto published = [](const weights::Spelling& spelling, size_t family,
                            const std::string& name) {
    return match_key(spelling.families[family], name)->published;
  };
  EXPECT_EQ(published(kMaeSpelling, 1, "vit.encoder.layer.3.output.dense.bias"),
            "blocks.3.mlp.fc2.bias");
  EXPECT_EQ(published(kSiglip2Spelling, 0, "vision_model.embeddings.position_embedding.weight"),
            "pos_embed");
  EXPECT_EQ(published(kDinoV2Spelling, 1, "encoder.layer.1.layer_scale2.lambda1"),
            "blocks.1.ls2.gamma");
}

}  // namespace
}  // namespace svgen::models
