// SPDX-License-Identifier: MIT
// Tests of svgtrainautoencoder alone: its pictures and its discriminator.
#include "support.h"

namespace svgen::gst::testing {
namespace {

using ::testing::HasSubstr;

TEST(SvgTrainAutoencoder, RefusesOtherSizes) {
  EXPECT_THAT(first_error("svgscenesrc size=72 ! svgtrainautoencoder model=mini"),
              HasSubstr("native size"));
}

TEST(SvgTrainAutoencoder, TakesEveryPixelOrder) {
  for (const char* format : {"BGRx", "RGBP", "ARGB"}) {
    Pipeline pipeline(video(4) + " ! videoconvert ! video/x-raw,format=" + format +
                      " ! svgtrainautoencoder model=mini batch-size=2 discriminator-weight=0");
    EXPECT_TRUE(pipeline.run()) << format;
  }
}

TEST(SvgTrainAutoencoder, ReportsBothSides) {
  Pipeline pipeline(
      "svgscenesrc num-images=4 ! svgtrainautoencoder model=mini batch-size=2 "
      "discriminator-start=0");
  ASSERT_TRUE(pipeline.run());
  const GstStructure* last = pipeline.messages_named("svg-train-stats").back();
  gdouble d_loss = 0;
  EXPECT_TRUE(gst_structure_get_double(last, "d_loss", &d_loss));
  EXPECT_GT(d_loss, 0);
  EXPECT_TRUE(gst_structure_has_field(last, "adaptive_weight"));
}

TEST(SvgTrainAutoencoder, NeedsACardWithAnEncoder) {
  const ScratchFolder folder;
  const fs::path card = other_card(folder, "c", {{"\"encoder\"", "\"encode_r\""}});
  EXPECT_FALSE(first_error("svgscenesrc ! svgtrainautoencoder model=" + card.string()).empty());
}

}  // namespace
}  // namespace svgen::gst::testing
