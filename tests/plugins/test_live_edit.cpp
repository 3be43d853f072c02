// SPDX-License-Identifier: MIT
// A live source that is faster than the edit: late frames are dropped, nothing piles up.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "harness.h"
#include "process_memory.h"

namespace svgen::gst::testing {
namespace {

using Clock = std::chrono::steady_clock;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kResidentCounts = false;
#else
constexpr bool kResidentCounts = true;
#endif

std::chrono::seconds duration() {
  const char* text = std::getenv("SVGEN_LIVE_SECONDS");
  return std::chrono::seconds(text == nullptr ? 6 : std::atoi(text));
}

// What is seen of frames where they arrive.
struct Arrivals {
  GstElement* pipeline = nullptr;
  std::mutex mutex;
  std::vector<double> delays;  // seconds behind the time of the frame

  size_t count() {
    const std::lock_guard lock(mutex);
    return delays.size();
  }
};

GstPadProbeReturn note_arrival(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  auto& arrivals = *static_cast<Arrivals*>(data);
  GstEvent* event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(event, &segment);
  const GstClockTime shown = gst_segment_to_running_time(
      segment, GST_FORMAT_TIME, GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)));
  gst_event_unref(event);
  const GstClockTime now = gst_element_get_current_running_time(arrivals.pipeline);
  const std::lock_guard lock(arrivals.mutex);
  arrivals.delays.push_back((static_cast<double>(now) - static_cast<double>(shown)) / GST_SECOND);
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn count(GstPad*, GstPadProbeInfo*, gpointer data) {
  ++*static_cast<std::atomic<int>*>(data);
  return GST_PAD_PROBE_OK;
}

void probe(const Pipeline& pipeline, const char* element, const char* pad_name,
           GstPadProbeCallback call, gpointer data) {
  const PadPtr pad(gst_element_get_static_pad(pipeline.element(element), pad_name));
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, call, data, nullptr);
}

double part(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values.at(static_cast<size_t>(share * static_cast<double>(values.size() - 1)));
}

// Lets it play, and does what gst-launch-1.0 does with messages. The frames that it dropped.
guint64 played(const Pipeline& pipeline, Clock::time_point end) {
  GstBus* bus = gst_element_get_bus(pipeline.get());
  guint64 dropped = 0;
  while (Clock::now() < end) {
    const MessagePtr message(gst_bus_timed_pop(bus, 50 * GST_MSECOND));
    if (!message) continue;
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_QOS &&
        GST_MESSAGE_SRC(message.get()) == GST_OBJECT(pipeline.element("e")))
      gst_message_parse_qos_stats(message.get(), nullptr, nullptr, &dropped);
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_LATENCY)
      gst_bin_recalculate_latency(GST_BIN(pipeline.get()));
    EXPECT_NE(GST_MESSAGE_TYPE(message.get()), GST_MESSAGE_ERROR);
  }
  gst_object_unref(bus);
  return dropped;
}

TEST(LiveEdit, KeepsUpByDroppingFrames) {
  Pipeline pipeline(
      "videotestsrc name=v is-live=true pattern=ball ! "
      "video/x-raw,width=64,height=64,framerate=30/1 ! svgencode ! svgalign ! "
      "svgedit name=e steps=10 strength=0.8 classes=star ! svgdecode ! "
      "fakesink name=s sync=true qos=true");
  Arrivals arrivals{.pipeline = pipeline.get()};
  std::atomic<int> sent{0};
  probe(pipeline, "v", "src", count, &sent);
  probe(pipeline, "s", "sink", note_arrival, &arrivals);
  ASSERT_NE(gst_element_set_state(pipeline.get(), GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  const Clock::time_point start = Clock::now();
  guint64 dropped = played(pipeline, start + duration() / 3);
  const long settled = process_kibibytes("VmRSS:");
  const size_t third = arrivals.count();  // of the frames, until it has settled
  dropped = std::max(dropped, played(pipeline, start + duration()));
  const long last = process_kibibytes("VmRSS:");
  const Clock::time_point stop = Clock::now();
  pipeline.stop();
  const std::chrono::duration<double> stopping = Clock::now() - stop;
  const std::vector<double>& delays = arrivals.delays;
  ASSERT_GT(delays.size(), third + 1);
  const std::vector<double> late(delays.begin() + static_cast<ptrdiff_t>(third), delays.end());
  std::printf(
      "%d frames in, %zu out, %lu dropped; delay from a third on: median %.0f ms, 99 %% %.0f ms, "
      "most %.0f ms; resident memory at a third and at the end: %ld, %ld KiB; stopped in %.0f ms\n",
      sent.load(), delays.size(), static_cast<unsigned long>(dropped), 1e3 * part(late, 0.5),
      1e3 * part(late, 0.99), 1e3 * part(late, 1), settled, last, 1e3 * stopping.count());
  EXPECT_GT(dropped, 0u) << "the edit is meant to be slower than the source";
  EXPECT_NEAR(static_cast<double>(delays.size() + dropped), sent, 3)
      << "every frame is accounted for";
  // As late in the second half of the rest as in the first: a queue that grows makes it later.
  const auto middle = late.begin() + static_cast<ptrdiff_t>(late.size() / 2);
  EXPECT_LT(part({middle, late.end()}, 0.5), 1.5 * part({late.begin(), middle}, 0.5) + 0.5);
  EXPECT_LT(stopping.count(), 1);
  EXPECT_TRUE(!kResidentCounts || last - settled < 8 * 1024) << last - settled;
}

}  // namespace
}  // namespace svgen::gst::testing
