// SPDX-License-Identifier: MIT
// The tables against the checkpoints they describe.
#include "weights/maps.h"

#include <algorithm>

#include "support.h"

namespace svgen::weights {
namespace {

using namespace testing;

struct Whole {
  const char* file;
  const char* title;
};

std::vector<std::string> list(const std::filesystem::path& file) {
  std::vector<std::string> all;
  const auto source = open_weights(file);
  for (const TensorInfo& info : source->tensors()) all.push_back(info.name);
  return all;
}

const FileLayout& layout_of(const char* title) {
  const auto layouts = file_layouts();
  return *std::find_if(layouts.begin(), layouts.end(),
                       [&](const FileLayout& layout) { return layout.title == title; });
}

class KnownFile : public ::testing::TestWithParam<Whole> {};

TEST_P(KnownFile, HasAllAndOnlyTheNamesOfItsTable) {
  const FileLayout& layout = layout_of(GetParam().title);
  std::map<const FileLayout::Part*, std::vector<std::string>> by_part;
  for (const std::string& name : list(tiny(GetParam().file))) {
    const FileLayout::Part* part = find_part(layout, name);
    ASSERT_NE(part, nullptr) << name;
    by_part[part].push_back(name.substr(std::string(part->prefix).size()));
  }
  for (const auto& [part, part_names] : by_part) {
    EXPECT_EQ(count_known(*part->family, part_names), part_names.size());
    EXPECT_THAT(missing_keys(*part->family, part_names), ::testing::IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Files, KnownFile,
    ::testing::Values(Whole{"autoencoder_tiny.safetensors", "SVG autoencoder checkpoint"},
                      Whole{"dino_tiny_meta.pth", "DINOv3 encoder in Meta's spelling"},
                      Whole{"dino_tiny_hf.safetensors",
                            "DINOv3 encoder in the spelling of HF transformers"},
                      Whole{"dino_tiny_timm.safetensors", "DINOv3 encoder in timm's spelling"},
                      Whole{"dit_tiny.pt", "diffusion transformer"},
                      Whole{"stats_tiny.pt", "latent statistics"}),
    [](const auto& file) { return std::filesystem::path(file.param.file).stem().string(); });

TEST(RoleFamilies, StartWithTheSpellingOfTheModels) {
  EXPECT_EQ(role_families(Role::kEncoder).size(), 3u);
  EXPECT_STREQ(role_families(Role::kEncoder)[0]->title, "DINOv3 encoder in Meta's spelling");
  EXPECT_EQ(role_families(Role::kDecoder).size(), 1u);
}

TEST(RolePrefix, IsThatOfTheAutoencoderCheckpoint) {
  EXPECT_EQ(role_prefix(Role::kEncoder), "encoder.");
  EXPECT_EQ(role_prefix(Role::kResidual), "extra_vit.");
  EXPECT_EQ(role_prefix(Role::kDecoder), "decoder.");
  EXPECT_EQ(role_prefix(Role::kDiffusion), "");
}

TEST(Tables, GiveEverySurplusRowAReason) {
  for (const FileLayout& layout : file_layouts())
    for (const FileLayout::Part& part : layout.parts)
      for (const KeyRule& rule : part.family->rules)
        EXPECT_EQ(rule.need == KeyNeed::kSurplus || rule.need == KeyNeed::kWithGroup,
                  rule.note[0] != '\0')
            << rule.source;
}

}  // namespace
}  // namespace svgen::weights
