// SPDX-License-Identifier: MIT
// Tests of SvgBatchMeta.
#include "common/batch_meta.h"

#include "harness.h"

namespace svgen::gst::testing {
namespace {

class BatchMeta : public ::testing::Test {
 protected:
  void SetUp() override { register_batch_meta(); }

  BufferPtr buffer_{gst_buffer_new()};
};

TEST_F(BatchMeta, ComesBackAsItWasSet) {
  set_image_facts(buffer_.get(), {{7, 3, 99, GST_SECOND, 5}, {8, 4, 98, 2 * GST_SECOND, 6}});
  const std::vector<ImageFacts> facts = image_facts(buffer_.get(), 2);
  EXPECT_EQ(facts[0].index, 7);
  EXPECT_EQ(facts[1].label, 4);
  EXPECT_EQ(facts[0].seed, 99u);
  EXPECT_EQ(facts[1].pts, 2 * GST_SECOND);
  EXPECT_EQ(facts[1].duration, 6u);
}

TEST_F(BatchMeta, KeepsTheLargestSeedAndAnUnknownTime) {
  set_image_facts(buffer_.get(), {{0, -1, G_MAXUINT64, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE}});
  EXPECT_EQ(image_facts(buffer_.get(), 1)[0].seed, G_MAXUINT64);
  EXPECT_EQ(image_facts(buffer_.get(), 1)[0].pts, GST_CLOCK_TIME_NONE);
}

TEST_F(BatchMeta, ABufferWithoutItKnowsNothing) {
  const std::vector<ImageFacts> facts = image_facts(buffer_.get(), 3);
  ASSERT_EQ(facts.size(), 3u);
  EXPECT_EQ(facts[2].index, -1);
  EXPECT_EQ(facts[2].label, -1);
  EXPECT_EQ(facts[2].pts, GST_CLOCK_TIME_NONE);
}

TEST_F(BatchMeta, FewerEntriesThanImagesLeaveTheRestUnknown) {
  set_image_facts(buffer_.get(), {{5}});
  const std::vector<ImageFacts> facts = image_facts(buffer_.get(), 2);
  EXPECT_EQ(facts[0].index, 5);
  EXPECT_EQ(facts[1].index, -1);
}

TEST_F(BatchMeta, SettingAgainReplaces) {
  set_image_facts(buffer_.get(), {{1}, {2}});
  set_image_facts(buffer_.get(), {{3}});
  const std::vector<ImageFacts> facts = image_facts(buffer_.get(), 2);
  EXPECT_EQ(facts[0].index, 3);
  EXPECT_EQ(facts[1].index, -1);
}

TEST_F(BatchMeta, ACopyOfTheBufferHasItsOwn) {
  set_image_facts(buffer_.get(), {{1}});
  const BufferPtr copy(gst_buffer_copy(buffer_.get()));
  set_image_facts(copy.get(), {{2}});
  EXPECT_EQ(image_facts(buffer_.get(), 1)[0].index, 1);
  EXPECT_EQ(image_facts(copy.get(), 1)[0].index, 2);
}

TEST_F(BatchMeta, RegisteringTwiceIsHarmless) {
  register_batch_meta();
  register_batch_meta();
  set_image_facts(buffer_.get(), {{1}});
  EXPECT_EQ(image_facts(buffer_.get(), 1)[0].index, 1);
}

TEST_F(BatchMeta, ConvertersKeepIt) {
  const HarnessPtr converter = harness(
      "videoconvert ! capsfilter caps=video/x-raw,format=BGRx ! videoscale ! "
      "capsfilter caps=video/x-raw,width=32");
  gst_harness_set_src_caps_str(converter.get(), kPictureCaps);
  BufferPtr frame = picture(0);
  set_image_facts(frame.get(), {{11, 3}});
  ASSERT_EQ(gst_harness_push(converter.get(), frame.release()), GST_FLOW_OK);
  const BufferPtr converted = pull(converter);
  ASSERT_TRUE(converted);
  EXPECT_EQ(image_facts(converted.get(), 1)[0].index, 11);
  EXPECT_EQ(image_facts(converted.get(), 1)[0].label, 3);
}

TEST_F(BatchMeta, APaddedBatchCountsItsRealImages) {
  EXPECT_EQ(real_images(buffer_.get(), 4), 4);  // the buffer has no offsets
  GST_BUFFER_OFFSET(buffer_.get()) = 8;
  GST_BUFFER_OFFSET_END(buffer_.get()) = 10;
  EXPECT_EQ(real_images(buffer_.get(), 4), 2);
  GST_BUFFER_OFFSET_END(buffer_.get()) = 8 + 4096;  // offsets in bytes, as of a file
  EXPECT_EQ(real_images(buffer_.get(), 4), 4);
  GST_BUFFER_OFFSET_END(buffer_.get()) = 7;
  EXPECT_EQ(real_images(buffer_.get(), 4), 4);
}

}  // namespace
}  // namespace svgen::gst::testing
