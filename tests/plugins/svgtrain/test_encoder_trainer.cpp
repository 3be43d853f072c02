// SPDX-License-Identifier: MIT
// Tests of svgtrainencoder alone: its pictures and its properties.
#include "support.h"

namespace svgen::gst::testing {
namespace {

const std::string kSmall =
    "svgtrainencoder model=mini batch-size=2 prototypes=16 head-width=16 head-bottleneck=8 ";

TEST(SvgTrainEncoder, TakesPicturesOfAnySizeAndPixelOrder) {
  for (const char* caps : {"format=BGRx,width=96,height=80", "format=RGBP,width=64,height=64"}) {
    Pipeline pipeline(video(4, "width=96,height=80") +
                      " ! videoconvert ! videoscale add-borders=false ! video/x-raw," + caps +
                      " ! " + kSmall);
    EXPECT_TRUE(pipeline.run()) << caps;
    EXPECT_FALSE(pipeline.messages_named("svg-train-stats").empty());
  }
}

TEST(SvgTrainEncoder, ReportsItsTerms) {
  Pipeline pipeline("svgscenesrc num-images=4 ! " + kSmall + "targets=centering");
  ASSERT_TRUE(pipeline.run());
  const GstStructure* last = pipeline.messages_named("svg-train-stats").back();
  for (const char* name : {"loss", "class_loss", "gradient_norm"})
    EXPECT_TRUE(gst_structure_has_field(last, name)) << name;
}

TEST(SvgTrainEncoder, ARateThatFallsNeedsAnEnd) {
  EXPECT_THAT(first_error("svgscenesrc num-images=4 ! " + kSmall + "final-rate=0"),
              ::testing::HasSubstr("max-steps"));
  EXPECT_TRUE(Pipeline("svgscenesrc num-images=4 ! " + kSmall + "final-rate=0 max-steps=2").run());
}

}  // namespace
}  // namespace svgen::gst::testing
