// SPDX-License-Identifier: MIT
// Tests of the enumerations, as the elements register them.
#include "svg/enums.h"

#include "harness.h"

namespace svgen::gst::testing {
namespace {

// Returns the nicks of an enumeration property in the order of their values.
std::vector<std::string> nicks_of(const char* factory, const char* property) {
  GstElementFactory* found = gst_element_factory_find(factory);
  if (found == nullptr) throw std::runtime_error(std::string("no ") + factory);
  GstElement* element =
      GST_ELEMENT(gst_object_ref_sink(gst_element_factory_create(found, nullptr)));
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), property);
  std::vector<std::string> nicks;
  if (G_IS_PARAM_SPEC_ENUM(spec)) {
    const GEnumClass* values = G_PARAM_SPEC_ENUM(spec)->enum_class;
    for (guint i = 0; i < values->n_values; ++i) {
      EXPECT_EQ(values->values[i].value, static_cast<gint>(i));
      EXPECT_STRNE(values->values[i].value_name, "");
      nicks.emplace_back(values->values[i].value_nick);
    }
  }
  gst_object_unref(element);
  gst_object_unref(found);
  return nicks;
}

using ::testing::ElementsAre;

TEST(Enums, NicksAreTheNamesThatUsersType) {
  EXPECT_THAT(nicks_of("svgencode", "features"), ElementsAre("both", "semantic", "residual"));
  EXPECT_THAT(nicks_of("svgencode", "partial-batch"), ElementsAre("renegotiate", "pad", "drop"));
  EXPECT_THAT(nicks_of("svgalign", "statistics"),
              ElementsAre("auto", "fixed", "frame", "batch", "none"));
  EXPECT_THAT(nicks_of("svgdiffuse", "solver"),
              ElementsAre("euler", "heun", "midpoint", "rk4", "multistep", "dopri5",
                          "dopri5-published", "euler-maruyama", "stochastic-heun", "ddpm", "ddim"));
  EXPECT_THAT(nicks_of("svgdiffuse", "guidance"),
              ElementsAre("constant", "late", "early", "linear", "cfg-star", "interval"));
}

TEST(Enums, SolversAndGuidanceAreNamedAsInTheLibrary) {
  const std::vector<std::string> solvers = nicks_of("svgdiffuse", "solver");
  EXPECT_EQ(solvers.size(), named_values<SolverKind>().size());
  for (size_t i = 0; i < solvers.size(); ++i)
    EXPECT_EQ(static_cast<size_t>(parse_name<SolverKind>(solvers[i])), i);
  const std::vector<std::string> schedules = nicks_of("svgdiffuse", "guidance");
  EXPECT_EQ(schedules.size(), named_values<GuidanceSchedule>().size());
  for (size_t i = 0; i < schedules.size(); ++i)
    EXPECT_EQ(static_cast<size_t>(parse_name<GuidanceSchedule>(schedules[i])), i);
}

}  // namespace
}  // namespace svgen::gst::testing
