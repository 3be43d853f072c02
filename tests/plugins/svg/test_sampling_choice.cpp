// SPDX-License-Identifier: MIT
// Tests of the sampler's settings as properties.
#include "svg/sampling_choice.h"

#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

TEST(SamplingChoice, IsTheCardsUntilSomethingIsSet) {
  const SamplingOptions card{.steps = 7, .shift = 0.5, .solver = SolverKind::kHeun};
  EXPECT_EQ(SamplingChoice().over(card), card);
  EXPECT_EQ(SamplingChoice().values(), SamplingOptions{});
}

TEST(SamplingChoice, EverySettingCanBeSetAlone) {
  const SamplingOptions card{.steps = 7,
                             .shift = 0.5,
                             .solver = SolverKind::kHeun,
                             .guidance = GuidanceSchedule::kEarly,
                             .guidance_scale = 3,
                             .guidance_start = 0.3,
                             .guidance_end = 0.6,
                             .guidance_skip = 2,
                             .guidance_reverse = 0.5};
  for (size_t row = 0; row < sampling_settings().size(); ++row) {
    const SamplingSetting setting = sampling_settings()[row];
    SamplingChoice choice;
    SamplingOptions wanted = card;
    const auto set_to_usual = [&](auto member) {
      choice.set(row, member, SamplingOptions{}.*member);
      wanted.*member = SamplingOptions{}.*member;
    };
    std::visit(set_to_usual, setting.member);
    EXPECT_EQ(choice.over(card), wanted) << setting.key;
  }
}

template <typename Spec>
void expect_range(const Spec* spec, const SamplingSetting& setting) {
  EXPECT_EQ(static_cast<double>(spec->minimum), setting.range.low) << setting.key;
  EXPECT_EQ(static_cast<double>(spec->maximum), setting.range.high) << setting.key;
}

TEST(SamplingProperties, AreThoseOfTheTable) {
  for (const char* factory : {"svgdiffuse", "svggenerate"}) {
    const ElementPtr element = made(factory);
    for (const SamplingSetting& setting : sampling_settings()) {
      SCOPED_TRACE(std::string(factory) + "." + setting.name());
      GParamSpec* spec =
          g_object_class_find_property(G_OBJECT_GET_CLASS(element.get()), setting.name().c_str());
      ASSERT_NE(spec, nullptr);
      EXPECT_TRUE(spec->flags & GST_PARAM_MUTABLE_PLAYING);
      EXPECT_THAT(g_param_spec_get_blurb(spec), StartsWith(setting.words));
      EXPECT_THAT(g_param_spec_get_blurb(spec), EndsWith(" (unset: the card's)"));
      if (G_IS_PARAM_SPEC_INT64(spec)) expect_range(G_PARAM_SPEC_INT64(spec), setting);
      if (G_IS_PARAM_SPEC_DOUBLE(spec)) expect_range(G_PARAM_SPEC_DOUBLE(spec), setting);
      EXPECT_EQ(G_IS_PARAM_SPEC_ENUM(spec), !setting.choices().empty());
    }
  }
}

}  // namespace
}  // namespace svgen::gst::testing
