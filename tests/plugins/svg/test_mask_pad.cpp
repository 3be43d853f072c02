// SPDX-License-Identifier: MIT
// Tests of masks: which one is shown, and its cells.
#include "svg/mask_pad.h"

#include <numeric>
#include <thread>

#include "harness.h"
#include "svgen/error.h"

namespace svgen::gst::testing {
namespace {

constexpr Grid kGrid{2, 2};
const auto kGoesOn = [] { return true; };

class Masks : public ::testing::Test {
 protected:
  void SetUp() override {
    element_ = made("identity");  // any element takes a pad
    gst_element_set_state(element_.get(), GST_STATE_PAUSED);
    const CapsPtr caps(gst_caps_from_string(kMaskCaps));
    pads_ = gst_pad_template_new("mask", GST_PAD_SINK, GST_PAD_REQUEST, caps.get());
    mask_ = std::make_unique<MaskPad>(element_.get(), pads_, "mask");
    send(gst_event_new_stream_start("masks"));
    const CapsPtr sent(
        gst_caps_from_string("video/x-raw,format=GRAY8,width=4,height=4,framerate=1/1"));
    send(gst_event_new_caps(sent.get()));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    send(gst_event_new_segment(&segment));
  }
  void TearDown() override {
    mask_.reset();
    gst_object_unref(pads_);
    gst_element_set_state(element_.get(), GST_STATE_NULL);
  }

  void send(GstEvent* event) { ASSERT_TRUE(gst_pad_send_event(mask_->pad(), event)); }

  // A mask of one level from a second on, white in the right half.
  GstFlowReturn show(guint8 level, int second) {
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, 16, nullptr);
    gst_buffer_memset(buffer, 0, level, 16);
    for (gsize row = 0; row < 4; ++row) gst_buffer_memset(buffer, row * 4 + 2, 255, 2);
    if (second >= 0) GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(second) * GST_SECOND;
    return gst_pad_chain(mask_->pad(), buffer);
  }
  std::vector<float> at(int second, bool newest = false) {
    return mask_->at(static_cast<GstClockTime>(second) * GST_SECOND, kGrid, newest, kGoesOn);
  }

  ElementPtr element_;
  GstPadTemplate* pads_ = nullptr;
  std::unique_ptr<MaskPad> mask_;
};

TEST_F(Masks, AStillOneIsShownThroughout) {
  EXPECT_EQ(show(51, 0), GST_FLOW_OK);
  send(gst_event_new_eos());
  for (const int second : {0, 5, 5000})
    EXPECT_EQ(at(second), (std::vector<float>{0.2f, 1, 0.2f, 1})) << second;
}

TEST_F(Masks, LimitedRangeStartsAtSixteen) {
  const CapsPtr limited(gst_caps_from_string(
      "video/x-raw,format=GRAY8,width=4,height=4,framerate=1/1,colorimetry=2:4:0:0"));
  send(gst_event_new_caps(limited.get()));
  EXPECT_EQ(show(16, 0), GST_FLOW_OK);
  send(gst_event_new_eos());
  EXPECT_EQ(at(0), (std::vector<float>{0, 1, 0, 1}));
}

TEST_F(Masks, OneWithoutATimeIsShownAtOnce) {
  EXPECT_EQ(show(0, -1), GST_FLOW_OK);
  EXPECT_EQ(at(7), (std::vector<float>{0, 1, 0, 1}));
}

TEST_F(Masks, TheNewestThatHasBegunIsShown) {
  std::thread stream([&] {
    for (int second = 1; second < 5; ++second) show(static_cast<guint8>(51 * second), second);
  });
  EXPECT_FLOAT_EQ(at(0)[0], 0.2f);  // the first, before its time
  EXPECT_FLOAT_EQ(at(1)[0], 0.2f);
  EXPECT_FLOAT_EQ(at(3)[0], 0.6f);
  stream.join();
  EXPECT_FLOAT_EQ(at(9, /*newest=*/true)[0], 0.8f) << "a live stream waits for no later one";
}

// Else a tee in front of both branches would stand still.
TEST_F(Masks, ThoseThatNobodyLooksAtPassByWhenTimeHasReachedThem) {
  mask_->reach(60 * GST_SECOND);
  for (int second = 0; second < 50; ++second)
    ASSERT_EQ(show(static_cast<guint8>(second), second), GST_FLOW_OK);
  EXPECT_FLOAT_EQ(at(60, /*newest=*/true)[0], 49.0f / 255);
}

TEST_F(Masks, AGapSaysThatNoneIsToCome) {
  show(51, 0);
  send(gst_event_new_gap(GST_SECOND, 9 * GST_SECOND));
  EXPECT_FLOAT_EQ(at(5)[0], 0.2f);
}

TEST_F(Masks, AReleasedPadKeepsNobodyWaiting) {
  std::thread release([&] {
    g_usleep(50'000);
    mask_->release();
  });
  EXPECT_TRUE(at(0).empty());
  EXPECT_TRUE(mask_->is_released());
  release.join();
}

TEST_F(Masks, AStreamWithoutAnyIsAnError) {
  send(gst_event_new_eos());
  EXPECT_THROW(at(0), ConfigurationError);
}

TEST_F(Masks, WaitingEndsWithTheRun) {
  EXPECT_TRUE(mask_->at(0, kGrid, false, [] { return false; }).empty());
  show(0, 0);
  EXPECT_FALSE(at(0, /*newest=*/true).empty());
  show(0, 1);
  std::thread stream([&] { EXPECT_EQ(show(0, 2), GST_FLOW_FLUSHING); });
  g_usleep(50'000);
  gst_pad_set_active(mask_->pad(), FALSE);
  stream.join();
}

TEST_F(Masks, AFlushForgetsThem) {
  show(51, 0);
  send(gst_event_new_flush_start());
  EXPECT_EQ(show(51, 1), GST_FLOW_FLUSHING);
  send(gst_event_new_flush_stop(TRUE));
  EXPECT_TRUE(mask_->at(0, kGrid, true, [] { return false; }).empty());
}

TEST(Blurred, KeepsTheSumOfAnInnerSpotAndWhatIsFar) {
  const Grid grid{9, 9};
  std::vector<float> cells(81);
  cells[40] = 1;
  const std::vector<float> soft = blurred(cells, grid, 1);
  EXPECT_NEAR(std::accumulate(soft.begin(), soft.end(), 0.0), 1, 0.02);
  EXPECT_EQ(soft[0], 0) << "more than three deviations away";
  EXPECT_FLOAT_EQ(soft[39], soft[41]);
  EXPECT_FLOAT_EQ(soft[31], soft[49]);
  EXPECT_GT(soft[40], soft[41]);
  EXPECT_EQ(blurred(cells, grid, 0), cells);
}

TEST(Blurred, LeavesAnEvenMaskAlone) {
  const std::vector<float> even(12, 0.25f);
  for (const float cell : blurred(even, {3, 4}, 2)) EXPECT_FLOAT_EQ(cell, 0.25f);
}

}  // namespace
}  // namespace svgen::gst::testing
