// SPDX-License-Identifier: MIT
// svgprobe: what it writes; how sets are collected is tested with their base.
#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::HasSubstr;

std::string probe_line(const std::string& settings, const std::string& test) {
  return "svgprobe name=svgp " + settings +
         " ! appsink name=out  svgscenesrc num-images=32 size=8 classes=all ! queue ! "
         "svgp.reference  " +
         test + " ! queue ! svgp.test";
}

TEST(SvgProbe, KnowsWhatItHasSeen) {
  Pipeline pipeline(probe_line("neighbours=1 regularization=1000",
                               "svgscenesrc num-images=32 size=8 classes=all"));
  ASSERT_TRUE(pipeline.run());
  const auto messages = pipeline.messages_named("svg-probe");
  ASSERT_EQ(messages.size(), 1u);
  gdouble knn = 0, linear = 0;
  EXPECT_TRUE(gst_structure_get(messages[0], "knn", G_TYPE_DOUBLE, &knn, "linear", G_TYPE_DOUBLE,
                                &linear, nullptr));
  EXPECT_EQ(knn, 1);
  EXPECT_EQ(linear, 1);
  const std::vector<Sample> lines = pipeline.take_samples();
  ASSERT_EQ(lines.size(), 17u) << "a line for each class, and the whole";
  EXPECT_EQ(lines.front().bytes(), "{\"label\": 0, \"images\": 2, \"right\": 2}\n");
  EXPECT_THAT(lines.back().bytes(), HasSubstr("\"knn\": 1, \"linear\": 1"));
}

TEST(SvgProbe, SaysWhatAClassIsTakenFor) {
  Pipeline pipeline(probe_line("", "svgscenesrc seed=9 num-images=32 size=8 classes=all"));
  ASSERT_TRUE(pipeline.run());
  std::string all;
  for (const Sample& sample : pipeline.take_samples()) all += sample.bytes();
  EXPECT_THAT(all, HasSubstr("taken_for"));
}

TEST(SvgProbe, NeedsLabels) {
  EXPECT_THAT(error_of("svgprobe name=svgp ! fakesink  videotestsrc num-buffers=3 ! "
                       "video/x-raw,format=RGB,width=8,height=8 ! queue ! svgp.reference  "
                       "svgscenesrc num-images=3 size=8 ! queue ! svgp.test"),
              HasSubstr("needs images with labels"));
}

}  // namespace
}  // namespace svgen::gst::testing
