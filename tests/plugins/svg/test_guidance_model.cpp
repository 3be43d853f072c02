// SPDX-License-Identifier: MIT
// Tests of finding the model that guides.
#include "svg/guidance_model.h"

#include "harness.h"
#include "svgen/registry.h"

namespace svgen::gst::testing {
namespace {

TEST(GuidanceModel, IsTheOneThatIsNamedElseTheCards) {
  Card card = Card::load(find_card(""));
  EXPECT_EQ(open_guidance_model("", card, {}), nullptr);
  const fs::path tiny = fs::path(SVGEN_TEST_DATA) / "tiny/card.json";
  EXPECT_EQ(open_guidance_model(tiny.string(), card, {})->card().path, tiny);
  card.guidance_model = "mini";
  EXPECT_EQ(open_guidance_model("", card, {})->card().name, "mini");
  EXPECT_EQ(open_guidance_model(tiny.string(), card, {})->card().path, tiny);
}

TEST(GuidanceModel, MayLieBesideTheCard) {
  Card card = Card::load(fs::path(SVGEN_TEST_DATA) / "tiny/card.json");
  card.guidance_model = "../tiny/card.json";
  EXPECT_EQ(open_guidance_model("", card, {})->card().name, card.name);
}

}  // namespace
}  // namespace svgen::gst::testing
