// SPDX-License-Identifier: MIT
// Tests of svgencode's batches: sizes, times, partial batches, flushes, timeouts.
#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::HasSubstr;

std::vector<int64_t> batches_of(const std::vector<Sample>& samples) {
  std::vector<int64_t> batches;
  for (const Sample& sample : samples) batches.push_back(sample.stream().batch);
  return batches;
}

class TenPictures : public ::testing::Test {
 protected:
  static std::vector<Sample> encoded(const std::string& settings) {
    return samples_of(video(10) + " ! svgencode features=residual batch-size=4 " + settings);
  }
};

TEST_F(TenPictures, AtBatchFourAreFourFourAndTwo) {
  const std::vector<Sample> samples = encoded("");
  EXPECT_EQ(batches_of(samples), (std::vector<int64_t>{4, 4, 2}));
  for (const Sample& sample : samples) {
    const TensorStream stream = sample.stream();
    EXPECT_EQ(gst_buffer_get_size(sample.buffer.get()), stream.bytes_of(stream.entries[0]));
  }
}

TEST_F(TenPictures, TheRateIsThatOfBuffers) {
  const std::vector<Sample> samples = encoded("");
  EXPECT_EQ(samples.at(0).stream().rate, (Fraction{15, 2}));
  EXPECT_EQ(samples.at(2).stream().rate, (Fraction{15, 1}));
}

TEST_F(TenPictures, TimesAreThoseOfTheFirstAndTheSum) {
  const std::vector<Sample> samples = encoded("");
  const guint64 firsts[] = {0, 4, 8}, ends[] = {4, 8, 10};
  for (size_t i = 0; i < 3; ++i) {
    GstBuffer* buffer = samples.at(i).buffer.get();
    EXPECT_EQ(GST_BUFFER_PTS(buffer), gst_util_uint64_scale(firsts[i], GST_SECOND, 30));
    EXPECT_NEAR(static_cast<double>(GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer)),
                static_cast<double>(ends[i]) * GST_SECOND / 30, 1.0);
    EXPECT_EQ(GST_BUFFER_OFFSET(buffer), firsts[i]);
    EXPECT_EQ(GST_BUFFER_OFFSET_END(buffer), ends[i]);
  }
}

TEST_F(TenPictures, EachKeepsItsOwnTime) {
  const std::vector<Sample> samples = encoded("");
  const std::vector<ImageFacts> facts = image_facts(samples.at(1).buffer.get(), 4);
  for (guint64 i = 0; i < 4; ++i) {
    EXPECT_EQ(facts[i].pts, gst_util_uint64_scale(4 + i, GST_SECOND, 30));
    EXPECT_NEAR(static_cast<double>(facts[i].duration), GST_SECOND / 30.0, 1.0);
  }
}

TEST_F(TenPictures, DoNotDependOnTheirBatch) {
  const std::vector<Sample> batched = encoded("");
  const std::vector<Sample> alone = samples_of(video(10) + " ! svgencode features=residual");
  ASSERT_EQ(alone.size(), 10u);
  for (int64_t i = 0; i < 10; ++i) {
    const Tensor row = batched[static_cast<size_t>(i / 4)].tensors()[0].rows(i % 4, 1);
    EXPECT_EQ(largest_difference(row, alone[static_cast<size_t>(i)].tensors()[0]), 0.0) << i;
  }
}

TEST_F(TenPictures, PaddedRepeatTheLastAndCountOnlyTheReal) {
  const std::vector<Sample> samples = encoded("partial-batch=pad");
  EXPECT_EQ(batches_of(samples), (std::vector<int64_t>{4, 4, 4}));
  const Tensor last = samples[2].tensors()[0];
  EXPECT_EQ(largest_difference(last.rows(1, 1), last.rows(3, 1)), 0.0);
  EXPECT_EQ(GST_BUFFER_OFFSET_END(samples[2].buffer.get()), 10u);
  EXPECT_NEAR(static_cast<double>(GST_BUFFER_DURATION(samples[2].buffer.get())),
              2.0 * GST_SECOND / 30, 2.0);
}

TEST_F(TenPictures, PaddedDecodeToTen) {
  const std::vector<Sample> frames =
      samples_of(video(10) + " ! svgencode batch-size=4 partial-batch=pad ! svgalign ! svgdecode");
  EXPECT_EQ(frames.size(), 10u);
}

TEST_F(TenPictures, DroppedLeaveEight) {
  EXPECT_EQ(batches_of(encoded("partial-batch=drop")), (std::vector<int64_t>{4, 4}));
}

// Catches the messages that the element of a harness posts.
class Bus {
 public:
  explicit Bus(const HarnessPtr& harness) : bus_(GST_OBJECT_CAST(gst_bus_new())) {
    gst_element_set_bus(harness->element, GST_BUS_CAST(bus_.get()));
  }
  MessagePtr take(GstMessageType kind) const {
    return MessagePtr(gst_bus_pop_filtered(GST_BUS_CAST(bus_.get()), kind));
  }

 private:
  std::unique_ptr<GstObject, Release> bus_;
};

class EncodeByHand : public ::testing::Test {
 protected:
  void start(const std::string& settings) {
    encoder_ = harness("svgencode features=residual " + settings);
    gst_harness_set_src_caps_str(encoder_.get(), kPictureCaps);
  }
  void push(int index, int side = kSide) {
    ASSERT_EQ(gst_harness_push(encoder_.get(), picture(index, side).release()), GST_FLOW_OK);
  }
  int64_t waiting() const { return gst_harness_buffers_in_queue(encoder_.get()); }

  HarnessPtr encoder_;
};

TEST_F(EncodeByHand, NothingComesBeforeTheBatchIsFull) {
  start("batch-size=3");
  push(0);
  push(1);
  EXPECT_EQ(waiting(), 0);
  push(2);
  EXPECT_EQ(waiting(), 1);
}

TEST_F(EncodeByHand, TheEndOfTheStreamDrainsThenFollows) {
  start("batch-size=3");
  push(0);
  ASSERT_TRUE(gst_harness_push_event(encoder_.get(), gst_event_new_eos()));
  ASSERT_EQ(waiting(), 1);
  EXPECT_EQ(output_stream(encoder_).batch, 1);
  GstEventType last = GST_EVENT_UNKNOWN;
  while (GstEvent* event = gst_harness_try_pull_event(encoder_.get())) {
    last = GST_EVENT_TYPE(event);
    gst_event_unref(event);
  }
  EXPECT_EQ(last, GST_EVENT_EOS);
}

TEST_F(EncodeByHand, AFlushForgetsWhatWaits) {
  start("batch-size=3");
  push(0);
  push(1);
  gst_harness_push_event(encoder_.get(), gst_event_new_flush_start());
  gst_harness_push_event(encoder_.get(), gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(encoder_.get(), gst_event_new_segment(&segment));
  for (int i = 10; i < 13; ++i) push(i);
  ASSERT_EQ(waiting(), 1);
  const BufferPtr batch = pull(encoder_);
  EXPECT_EQ(GST_BUFFER_PTS(batch.get()), GST_SECOND);
}

TEST_F(EncodeByHand, ANewSegmentDrainsTheOld) {
  start("batch-size=3");
  push(0);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.base = GST_SECOND;
  gst_harness_push_event(encoder_.get(), gst_event_new_segment(&segment));
  ASSERT_EQ(waiting(), 1);
  for (int i = 0; i < 3; ++i) push(i);
  EXPECT_EQ(output_stream(encoder_).batch, 3);
}

TEST_F(EncodeByHand, NewCapsDrainTheOldSize) {
  start("batch-size=3");
  push(0);
  push(1);
  gst_harness_set_src_caps_str(encoder_.get(),
                               "video/x-raw, format=(string)RGB, width=(int)128, height=(int)128, "
                               "framerate=(fraction)10/1, pixel-aspect-ratio=(fraction)1/1");
  ASSERT_EQ(waiting(), 1);
  const BufferPtr old = pull(encoder_);
  EXPECT_EQ(gst_buffer_get_size(old.get()), 2u * kTokens * kResidual * 4);
  for (int i = 2; i < 5; ++i) push(i, 128);
  const BufferPtr next = pull(encoder_);
  EXPECT_EQ(gst_buffer_get_size(next.get()), 3u * 4 * kTokens * kResidual * 4);
  EXPECT_EQ(output_stream(encoder_).grid, (Grid{16, 16}));
}

TEST_F(EncodeByHand, TheSameCapsAgainDoNotDrain) {
  start("batch-size=3");
  push(0);
  const CapsPtr same(gst_caps_from_string(kPictureCaps));
  gst_harness_push_event(encoder_.get(), gst_event_new_caps(same.get()));
  EXPECT_EQ(waiting(), 0);
}

TEST_F(EncodeByHand, ATimeoutSendsWhatIsThere) {
  start("batch-size=8 batch-timeout=200000000");
  push(0);
  push(1);
  const BufferPtr batch = pull(encoder_);
  ASSERT_TRUE(batch);
  EXPECT_EQ(output_stream(encoder_).batch, 2);
  EXPECT_EQ(GST_BUFFER_OFFSET_END(batch.get()), 2u);
  push(2);
  const BufferPtr next = pull(encoder_);
  EXPECT_EQ(output_stream(encoder_).batch, 1);
  EXPECT_EQ(GST_BUFFER_OFFSET(next.get()), 2u);
}

TEST_F(EncodeByHand, WithoutATimeoutABatchWaits) {
  start("batch-size=8");
  push(0);
  g_usleep(150'000);
  EXPECT_EQ(waiting(), 0);
}

TEST_F(EncodeByHand, ATimeoutAfterAFlushFindsNothing) {
  start("batch-size=8 batch-timeout=50000000");
  push(0);
  gst_harness_push_event(encoder_.get(), gst_event_new_flush_start());
  gst_harness_push_event(encoder_.get(), gst_event_new_flush_stop(TRUE));
  g_usleep(150'000);
  EXPECT_EQ(waiting(), 0);
}

TEST_F(EncodeByHand, TheLatencyIsTheWaitForTheOthers) {
  start("batch-size=4");
  push(0);
  gst_harness_set_upstream_latency(encoder_.get(), 7);
  EXPECT_EQ(gst_harness_query_latency(encoder_.get()), 7 + 300 * GST_MSECOND);
}

TEST_F(EncodeByHand, ATimeoutBoundsTheLatency) {
  start("batch-size=4 batch-timeout=50000000");
  push(0);
  EXPECT_EQ(gst_harness_query_latency(encoder_.get()), 50 * GST_MSECOND);
}

TEST_F(EncodeByHand, TheTimeItTakesJoinsALiveLatencyAndTheMessageSaysSo) {
  start("batch-size=1");
  const Bus bus(encoder_);
  ASSERT_EQ(gst_harness_query_latency(encoder_.get()), 0u);  // the harness is live
  push(0);
  EXPECT_TRUE(bus.take(GST_MESSAGE_LATENCY));
  EXPECT_GT(gst_harness_query_latency(encoder_.get()), 0u);
}

// With "qos", a property of the base class, pictures that are late already are not encoded.
TEST_F(EncodeByHand, LatePicturesAreSkippedWhenAsked) {
  for (const bool asked : {false, true}) {
    start(asked ? "batch-size=1 qos=true" : "batch-size=1");
    const Bus bus(encoder_);
    push(0);
    gst_harness_push_upstream_event(
        encoder_.get(), gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 2.0, 5 * GST_SECOND, 0));
    push(1);
    EXPECT_EQ(waiting(), asked ? 1 : 2);
    EXPECT_EQ(bus.take(GST_MESSAGE_QOS) != nullptr, asked);
  }
}

TEST_F(EncodeByHand, LabelsOfPicturesReachTheBatch) {
  start("batch-size=2");
  for (int i = 0; i < 2; ++i) {
    BufferPtr frame = picture(i);
    set_image_facts(frame.get(), {{100 + i, 3 + i, 42}});
    gst_harness_push(encoder_.get(), frame.release());
  }
  const BufferPtr batch = pull(encoder_);
  const std::vector<ImageFacts> facts = image_facts(batch.get(), 2);
  EXPECT_EQ(facts[1].index, 101);
  EXPECT_EQ(facts[1].label, 4);
  EXPECT_EQ(facts[1].seed, 42u);
  EXPECT_EQ(facts[1].pts, 100 * GST_MSECOND);
}

TEST_F(EncodeByHand, PicturesWithoutTimesMakeABatchWithoutTimes) {
  start("batch-size=2");
  for (int i = 0; i < 2; ++i) {
    BufferPtr frame = picture(i);
    GST_BUFFER_PTS(frame.get()) = GST_BUFFER_DURATION(frame.get()) = GST_CLOCK_TIME_NONE;
    gst_harness_push(encoder_.get(), frame.release());
  }
  const BufferPtr batch = pull(encoder_);
  EXPECT_FALSE(GST_BUFFER_PTS_IS_VALID(batch.get()));
  EXPECT_FALSE(GST_BUFFER_DURATION_IS_VALID(batch.get()));
}

TEST(EncodeAgain, ARestartBeginsToCountAnew) {
  Pipeline pipeline(video(3) + " ! svgencode batch-size=2 ! appsink name=out sync=false");
  ASSERT_TRUE(pipeline.run());
  const std::vector<Sample> first = pipeline.take_samples();
  ASSERT_TRUE(pipeline.run());
  const std::vector<Sample> second = pipeline.take_samples();
  ASSERT_EQ(first.size(), 2u);
  ASSERT_EQ(second.size(), 2u);
  EXPECT_EQ(GST_BUFFER_OFFSET(second[0].buffer.get()), 0u);
  for (size_t i = 0; i < 2; ++i) EXPECT_TRUE(first[i].bytes() == second[i].bytes());
}

}  // namespace
}  // namespace svgen::gst::testing
