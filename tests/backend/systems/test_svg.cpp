// SPDX-License-Identifier: MIT
// SVG in the table of systems: its parts, and the file that holds those of phase 1.
#include <map>

#include "backend/weights/support.h"
#include "systems/files.h"
#include "systems/system.h"

namespace svgen::systems {
namespace {

TEST(Svg, NamesANetworkForEachPartButTheStatistics) {
  const Card card;
  EXPECT_STREQ(system_of(card).name, "svg");
  for (const ModelPart part :
       {ModelPart::kEncoder, ModelPart::kResidual, ModelPart::kDecoder, ModelPart::kDiffusion})
    EXPECT_NE(spelling_of(card, part), nullptr) << part_key(part);
  EXPECT_EQ(spelling_of(card, ModelPart::kStatistics), nullptr);
}

TEST(Svg, ItsCheckpointHoldsTheNetworksOfPhaseOne) {
  const System& svg = system_of({});
  const auto prefix_of = [&](ModelPart part) {
    const weights::FileLayout::Part* found = svg.checkpoint().find(*spelling_of({}, part));
    return std::string(found == nullptr ? "none" : found->prefix);
  };
  EXPECT_EQ(prefix_of(ModelPart::kEncoder), "encoder.");
  EXPECT_EQ(prefix_of(ModelPart::kResidual), "extra_vit.");
  EXPECT_EQ(prefix_of(ModelPart::kDecoder), "decoder.");
  EXPECT_EQ(prefix_of(ModelPart::kDiffusion), "none");
}

TEST(Svg, EveryNameOfACheckpointHasAPartThatKnowsIt) {
  const auto source = weights::open_weights(weights::testing::tiny("svg_autoencoder_tiny.ckpt"));
  std::map<const weights::FileLayout::Part*, std::vector<std::string>> by_part;
  for (const weights::TensorInfo& info : source->tensors()) {
    const weights::FileLayout::Part* part = system_of({}).checkpoint().find(info.name);
    ASSERT_NE(part, nullptr) << info.name;
    by_part[part].push_back(info.name.substr(std::string(part->prefix).size()));
  }
  EXPECT_EQ(by_part.size(), 4u);
  for (const auto& [part, names] : by_part) {
    EXPECT_EQ(count_known(*part->family, names), names.size()) << part->title;
    EXPECT_THAT(missing_keys(*part->family, names), ::testing::IsEmpty()) << part->title;
  }
}

}  // namespace
}  // namespace svgen::systems
