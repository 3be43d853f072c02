// SPDX-License-Identifier: MIT
// Tests of svgedit in a stream: control sources, late frames, flushes, changes of size.
#include <gst/controller/gstdirectcontrolbinding.h>
#include <gst/controller/gstinterpolationcontrolsource.h>

#include "harness.h"

namespace svgen::gst::testing {
namespace {

using Clock = std::chrono::steady_clock;

std::string edit(const std::string& settings) {
  return video(4) + " ! svgencode ! svgalign ! svgedit name=e steps=2 " + settings;
}

// Drives a property in steps: a value for each frame at 30 frames a second.
void drive(GstElement* element, const char* property, const std::vector<double>& values) {
  GstControlSource* source = gst_interpolation_control_source_new();
  g_object_set(source, "mode", GST_INTERPOLATION_MODE_NONE, nullptr);
  for (size_t i = 0; i < values.size(); ++i)
    gst_timed_value_control_source_set(GST_TIMED_VALUE_CONTROL_SOURCE(source),
                                       gst_util_uint64_scale(i, GST_SECOND, 30), values[i]);
  ASSERT_TRUE(gst_object_add_control_binding(
      GST_OBJECT(element),
      gst_direct_control_binding_new_absolute(GST_OBJECT(element), property, source)));
  gst_object_unref(source);
}

TEST(SvgEditControl, StrengthFollowsItsControlSource) {
  const std::vector<Sample> source = samples_of(video(4) + " ! svgencode ! svgalign");
  Pipeline pipeline(edit("") + " ! appsink name=out sync=false");
  drive(pipeline.element("e"), "strength", {0, 0.5, 0, 1});
  ASSERT_TRUE(pipeline.run());
  const std::vector<Sample> edited = pipeline.take_samples();
  ASSERT_EQ(edited.size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(edited[i].bytes() == source[i].bytes(), i % 2 == 0) << i;
}

TEST(SvgEditControl, ClassAndGuidanceFollowTheirs) {
  Pipeline pipeline(edit("") + " ! appsink name=out sync=false");
  drive(pipeline.element("e"), "class", {2, 2, 9, -1});
  drive(pipeline.element("e"), "guidance-scale", {1, 3, 3, 3});
  ASSERT_TRUE(pipeline.run());
  std::vector<int64_t> labels;
  for (const Sample& sample : pipeline.take_samples())
    labels.push_back(image_facts(sample.buffer.get(), 1).at(0).label);
  EXPECT_EQ(labels, (std::vector<int64_t>{2, 2, 9, -1}));
  double scale = 0;
  g_object_get(pipeline.element("e"), "guidance-scale", &scale, nullptr);
  EXPECT_EQ(scale, 3);
}

TEST(SvgEditStream, LateImagesAreDroppedAndCounted) {
  const HarnessPtr harness = testing::harness("svgedit steps=1");
  GstBus* bus = gst_bus_new();
  gst_element_set_bus(harness->element, bus);
  gst_harness_set_src_caps_str(
      harness.get(),
      "other/tensors,format=static,num_tensors=1,types=float32,dimensions=152:64:1,framerate=10/1");
  const auto push = [&](GstClockTime pts) {
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, kLatent * kTokens * 4, nullptr);
    gst_buffer_memset(buffer, 0, 0, kLatent * kTokens * 4);
    GST_BUFFER_PTS(buffer) = pts;
    return gst_harness_push(harness.get(), buffer);
  };
  ASSERT_EQ(push(0), GST_FLOW_OK);
  gst_harness_push_upstream_event(harness.get(),
                                  gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 2, GST_SECOND, 0));
  for (const GstClockTime pts : {100 * GST_MSECOND, 200 * GST_MSECOND, 5 * GST_SECOND})
    ASSERT_EQ(push(pts), GST_FLOW_OK);
  EXPECT_EQ(gst_harness_buffers_received(harness.get()), 2u);
  guint64 dropped = 0;
  while (const MessagePtr message{gst_bus_pop_filtered(bus, GST_MESSAGE_QOS)})
    gst_message_parse_qos_stats(message.get(), nullptr, nullptr, &dropped);
  EXPECT_EQ(dropped, 2u);
  gst_element_set_bus(harness->element, nullptr);
  gst_object_unref(bus);
}

class LongEdit : public ::testing::TestWithParam<const char*> {};

TEST_P(LongEdit, StopsWithinASecond) {
  Pipeline pipeline(video(1) + " ! svgencode ! svgalign ! svgedit steps=1000 strength=1 solver=" +
                    std::string(GetParam()) + " ! fakesink");
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  g_usleep(500'000);
  const Clock::time_point start = Clock::now();
  pipeline.stop();
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(1));
  EXPECT_TRUE(pipeline.errors().empty());
}

INSTANTIATE_TEST_SUITE_P(Solvers, LongEdit,
                         ::testing::Values("euler", "heun", "midpoint", "rk4", "multistep",
                                           "euler-maruyama", "stochastic-heun",
                                           "dopri5 atol=1e-12 rtol=1e-12"));

TEST(SvgEditStream, AMaskThatNeverComesDoesNotKeepItFromStopping) {
  Pipeline pipeline(edit("") +
                    " ! fakesink  appsrc name=a ! video/x-raw,format=GRAY8,width=8,"
                    "height=8,framerate=1/1 ! e.mask");
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  g_usleep(200'000);
  const Clock::time_point start = Clock::now();
  pipeline.stop();
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(1));
}

TEST(SvgEditStream, ABlendForgetsAtADiscontinuity) {
  const HarnessPtr harness = testing::harness("svgedit steps=1 strength=0.5 noise=fixed blend=0.9");
  gst_harness_set_src_caps_str(
      harness.get(),
      "other/tensors,format=static,num_tensors=1,types=float32,dimensions=152:64:1,framerate=10/1");
  const auto edited = [&](guint8 fill, bool is_discontinuous) {
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, kLatent * kTokens * 4, nullptr);
    gst_buffer_memset(buffer, 0, fill, kLatent * kTokens * 4);
    if (is_discontinuous) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    gst_harness_push(harness.get(), buffer);
    const BufferPtr out(gst_harness_pull(harness.get()));
    std::string bytes(gst_buffer_get_size(out.get()), 0);
    gst_buffer_extract(out.get(), 0, bytes.data(), bytes.size());
    return bytes;
  };
  const std::string first = edited(0, true);
  EXPECT_NE(edited(0x3e, false), edited(0x3e, true));  // 0x3e3e3e3e is .186
  EXPECT_EQ(edited(0, true), first);
}

// Frames of a batch have masks of their own: black at first, white from the third frame on.
TEST(SvgEditStream, AVideoOfMasksGoesFrameByFrame) {
  const std::vector<Sample> source = samples_of(video(4) + " ! svgencode batch-size=4 ! svgalign");
  Pipeline pipeline(
      video(4) +
      " ! svgencode batch-size=4 ! svgalign ! svgedit name=e steps=1 mask-blur=0 ! "
      "appsink name=out sync=false  "
      "concat name=c ! queue ! e.mask  "
      "videotestsrc num-buffers=2 pattern=black ! video/x-raw,format=RGB,framerate=30/1 ! "
      "videoconvert ! video/x-raw,format=GRAY8 ! c.  "
      "videotestsrc num-buffers=2 pattern=white ! video/x-raw,format=RGB,framerate=30/1 ! "
      "videoconvert ! video/x-raw,format=GRAY8 ! c.");
  ASSERT_TRUE(pipeline.run());
  const std::vector<Sample> edited = pipeline.take_samples();
  ASSERT_EQ(edited.size(), 1u);
  for (int64_t n = 0; n < 4; ++n) {
    const double difference = largest_difference(edited[0].tensors().at(0).rows(n, 1),
                                                 source.at(0).tensors().at(0).rows(n, 1));
    EXPECT_EQ(difference == 0, n < 2) << n;
  }
}

TEST(SvgEditStream, TheInputsSizeMayChange) {
  Pipeline pipeline(
      "concat name=c ! videoconvert ! videoscale ! svgencode ! svgalign ! svgedit steps=1 ! "
      "svgdecode ! appsink name=out sync=false  "
      "videotestsrc num-buffers=2 ! video/x-raw,width=320,height=240,framerate=10/1 ! c.  "
      "videotestsrc num-buffers=2 ! video/x-raw,width=96,height=120,framerate=10/1 ! c.");
  ASSERT_TRUE(pipeline.run());
  EXPECT_EQ(pipeline.take_samples().size(), 4u);
}

}  // namespace
}  // namespace svgen::gst::testing
