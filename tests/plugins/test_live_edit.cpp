// SPDX-License-Identifier: MIT
// A live source that is faster than the edit: late frames are dropped, nothing piles up.
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <map>

#include "harness.h"
#include "process_memory.h"

namespace svgen::gst::testing {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::seconds duration() {
  return duration_of("SVGEN_LIVE_SECONDS", 6);
}

// What is seen of frames where they leave the source and where they arrive.
struct Frames {
  std::mutex mutex;
  int sent = 0;
  std::map<GstClockTime, Clock::time_point> left;  // by their time stamps
  std::vector<double> delays;                      // seconds on the way

  size_t arrived() {
    const std::lock_guard lock(mutex);
    return delays.size();
  }
};

GstPadProbeReturn note_start(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto& frames = *static_cast<Frames*>(data);
  const std::lock_guard lock(frames.mutex);
  ++frames.sent;
  frames.left[GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info))] = Clock::now();
  return GST_PAD_PROBE_OK;
}

GstPadProbeReturn note_arrival(GstPad*, GstPadProbeInfo* info, gpointer data) {
  auto& frames = *static_cast<Frames*>(data);
  const std::lock_guard lock(frames.mutex);
  const auto found = frames.left.find(GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)));
  if (found == frames.left.end()) return GST_PAD_PROBE_OK;
  frames.delays.push_back(std::chrono::duration<double>(Clock::now() - found->second).count());
  frames.left.erase(frames.left.begin(), std::next(found));
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

// The frames that an element has dropped so far.
using Dropped = std::map<GstObject*, guint64>;

// Lets it play, and does what gst-launch-1.0 does with messages.
void play(const Pipeline& pipeline, Clock::time_point end, Dropped& dropped) {
  GstBus* bus = gst_element_get_bus(pipeline.get());
  while (Clock::now() < end) {
    const MessagePtr message(gst_bus_timed_pop(bus, 50 * GST_MSECOND));
    if (!message) continue;
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_QOS &&
        dropped.contains(GST_MESSAGE_SRC(message.get())))
      gst_message_parse_qos_stats(message.get(), nullptr, nullptr,
                                  &dropped[GST_MESSAGE_SRC(message.get())]);
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_LATENCY)
      gst_bin_recalculate_latency(GST_BIN(pipeline.get()));
    EXPECT_NE(GST_MESSAGE_TYPE(message.get()), GST_MESSAGE_ERROR);
  }
  gst_object_unref(bus);
}

TEST(LiveEdit, KeepsUpByDroppingFrames) {
  Pipeline pipeline(
      "videotestsrc name=v is-live=true pattern=ball ! "
      "video/x-raw,width=64,height=64,framerate=30/1 ! svgencode name=n qos=true ! svgalign ! "
      "svgedit name=e steps=10 strength=0.8 classes=star ! svgdecode ! "
      "fakesink name=s sync=true qos=true");
  Frames frames;
  probe(pipeline, "v", "src", note_start, &frames);
  probe(pipeline, "s", "sink", note_arrival, &frames);
  ASSERT_NE(gst_element_set_state(pipeline.get(), GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  const Clock::time_point start = Clock::now();
  Dropped counts = {{GST_OBJECT(pipeline.element("n")), 0}, {GST_OBJECT(pipeline.element("e")), 0}};
  play(pipeline, start + duration() / 3, counts);
  const long settled = process_kibibytes("VmRSS:");
  const size_t third = frames.arrived();  // of the frames, until it has settled
  play(pipeline, start + duration(), counts);
  guint64 dropped = 0;
  for (const auto& [element, count] : counts) dropped += count;
  const long last = process_kibibytes("VmRSS:");
  const Clock::time_point stop = Clock::now();
  pipeline.stop();
  const std::chrono::duration<double> stopping = Clock::now() - stop;
  const std::vector<double>& delays = frames.delays;
  ASSERT_GT(delays.size(), third + 1);
  const std::vector<double> late(delays.begin() + static_cast<ptrdiff_t>(third), delays.end());
  std::printf(
      "%d frames in, %zu out, %lu dropped; delay from a third on: median %.0f ms, 99 %% %.0f ms, "
      "most %.0f ms; resident memory at a third and at the end: %ld, %ld KiB; stopped in %.0f ms\n",
      frames.sent, delays.size(), static_cast<unsigned long>(dropped), 1e3 * part(late, 0.5),
      1e3 * part(late, 0.99), 1e3 * part(late, 1), settled, last, 1e3 * stopping.count());
  EXPECT_GT(dropped, 0u) << "the edit is meant to be slower than the source";
  EXPECT_NEAR(static_cast<double>(delays.size() + dropped), frames.sent, 3)
      << "every frame is accounted for";
  // As late in the second half of the rest as in the first: a queue that grows makes it later.
  const auto middle = late.begin() + static_cast<ptrdiff_t>(late.size() / 2);
  EXPECT_LT(part({middle, late.end()}, 0.5), 1.5 * part({late.begin(), middle}, 0.5) + 0.5);
  EXPECT_LT(stopping.count(), 1);
  EXPECT_TRUE(!kResidentCounts || last - settled < 8 * 1024) << last - settled;
}

}  // namespace
}  // namespace svgen::gst::testing
