// SPDX-License-Identifier: MIT
// svgfrechet: its numbers and its settings; how sets are collected is tested with their base.
#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::HasSubstr;

const std::string kReference =
    " ! fakesink  svgscenesrc num-images=12 size=8 classes=all ! queue ! svgf.reference  ";

double number(const GstStructure* message, const char* name) {
  gdouble value = -1;
  EXPECT_TRUE(gst_structure_get_double(message, name, &value)) << name;
  return value;
}

TEST(SvgFrechet, ASetIsNearItselfAndFarFromAnother) {
  const auto distance = [](const std::string& test) {
    Pipeline pipeline("svgfrechet name=svgf" + kReference + test + " ! queue ! svgf.test");
    EXPECT_TRUE(pipeline.run());
    const auto messages = pipeline.messages_named("svg-frechet");
    EXPECT_EQ(messages.size(), 1u);
    EXPECT_EQ(number(messages.at(0), "precision"), 1) << "of few pictures the balls are wide";
    return number(messages.at(0), "frechet");
  };
  EXPECT_NEAR(distance("svgscenesrc num-images=12 size=8 classes=all"), 0, 1e-5);
  EXPECT_GT(distance("svgscenesrc seed=5 num-images=12 size=8 textures=1"), 0.1);
}

TEST(SvgFrechet, NeighboursMatter) {
  Pipeline pipeline("svgfrechet name=svgf neighbours=20" + kReference +
                    "svgscenesrc num-images=12 size=8 ! queue ! svgf.test");
  ASSERT_TRUE(pipeline.run());
  EXPECT_TRUE(std::isnan(number(pipeline.messages_named("svg-frechet").at(0), "precision")))
      << "more neighbours than vectors";
}

TEST(SvgFrechet, NeedsSomethingToDo) {
  EXPECT_THAT(error_of("svgscenesrc num-images=2 size=8 ! svgfrechet ! fakesink"),
              HasSubstr("nothing to compare with"));
}

}  // namespace
}  // namespace svgen::gst::testing
