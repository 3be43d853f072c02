// SPDX-License-Identifier: MIT
// DINOv3 in the three spellings it is published in.
#include "models/dinov3/dinov3.h"

#include "backend/models/known_names.h"

namespace svgen {
namespace {

TEST(DinoV3Spelling, KnowsTheNamesOfEachPublishedFile) {
  const auto families = models::kDinoV3Spelling.families;
  ASSERT_EQ(families.size(), 3u);
  EXPECT_STREQ(families[0].title, "DINOv3 encoder in Meta's spelling") << "the module's own";
  test::expect_known_names("dino_tiny_meta.pth", families[0]);
  test::expect_known_names("dino_tiny_hf.safetensors", families[1]);
  test::expect_known_names("dino_tiny_timm.safetensors", families[2]);
}

}  // namespace
}  // namespace svgen
