// SPDX-License-Identifier: MIT
// Tests of the enumerations.
#include "svgtrain/enums.h"

#include "harness.h"

namespace svgen::gst::testing {
namespace {

// The nicks of an enumeration property, in order.
std::vector<std::string> nicks(const char* factory, const char* property) {
  GstElement* element = gst_element_factory_make(factory, nullptr);
  EXPECT_NE(element, nullptr);
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), property);
  std::vector<std::string> names;
  const GEnumClass* values = G_PARAM_SPEC_ENUM(spec)->enum_class;
  for (guint i = 0; i < values->n_values; ++i) names.emplace_back(values->values[i].value_nick);
  gst_object_unref(element);
  return names;
}

TEST(TrainEnums, HaveTheNamesOfTheContract) {
  EXPECT_THAT(nicks("svgdatasetsrc", "crop"), ::testing::ElementsAre("center", "random"));
  EXPECT_THAT(nicks("svgscenesrc", "backgrounds"), ::testing::ElementsAre("plain", "varied"));
}

}  // namespace
}  // namespace svgen::gst::testing
