// SPDX-License-Identifier: MIT
// Tests of the messages of a training.
#include "support.h"

namespace svgen::gst::testing {
namespace {

TEST(TrainProgress, MessagesTellStepSpeedAndTimeLeft) {
  Pipeline pipeline(
      "svgscenesrc ! svgtrainautoencoder model=mini batch-size=2 max-steps=3 "
      "discriminator-weight=0");
  ASSERT_TRUE(pipeline.run());
  const auto messages = pipeline.messages_named("svg-train-stats");
  ASSERT_FALSE(messages.empty());
  const GstStructure* last = messages.back();
  gint64 step = 0, of = 0, next = 0;
  gdouble speed = 0, left = -1, wait = -1, loss = 0;
  EXPECT_TRUE(gst_structure_get(
      last, "step", G_TYPE_INT64, &step, "max-steps", G_TYPE_INT64, &of, "next-index", G_TYPE_INT64,
      &next, "images-per-second", G_TYPE_DOUBLE, &speed, "seconds-left", G_TYPE_DOUBLE, &left,
      "wait-share", G_TYPE_DOUBLE, &wait, "loss", G_TYPE_DOUBLE, &loss, nullptr));
  EXPECT_EQ(step, 3);
  EXPECT_EQ(of, 3);
  EXPECT_EQ(next, 6);
  EXPECT_GT(speed, 0);
  EXPECT_EQ(left, 0);
  EXPECT_GE(wait, 0);
  EXPECT_LE(wait, 1);
}

TEST(TrainProgress, NothingIsWrittenWithoutAFolder) {
  Pipeline pipeline(
      "svgscenesrc num-images=4 ! svgtrainautoencoder model=mini batch-size=2 sample-interval=1 "
      "discriminator-weight=0");
  EXPECT_TRUE(pipeline.run());
  EXPECT_TRUE(pipeline.messages_named("svg-checkpoint").empty());
}

TEST(TrainProgress, PicturesThatCannotBeDrawnStopATrainingAtItsStart) {
  const svgen::testing::ScopedVariable elsewhere("SVGEN_IMAGEIO", "/nowhere/libsvgen-imageio.so.0");
  const ScratchFolder folder;
  const std::string line =
      "svgscenesrc ! svgtrainautoencoder model=mini batch-size=1 max-steps=2 "
      "discriminator-weight=0 checkpoint=" +
      folder.path().string();
  EXPECT_THAT(error_of(line + " sample-interval=100"), ::testing::HasSubstr("/nowhere"));
  Pipeline without(line);
  EXPECT_TRUE(without.run());
}

}  // namespace
}  // namespace svgen::gst::testing
