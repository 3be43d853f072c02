// SPDX-License-Identifier: MIT
// Ten thousand random events, queries, caps, buffers and settings: whatever comes, an element
// answers, and afterwards it works.
#include <functional>
#include <random>

#include "harness.h"

namespace svgen::gst::testing {
namespace {

constexpr int kOperations = 3400;  // of each line

struct Line {
  const char* name;
  const char* text;
  const char* sound_caps;
  size_t sound_bytes;
};

// Caps that one of the elements accepts, and caps that none does.
constexpr const char* kCaps[] = {
    "video/x-raw,format=RGB,width=64,height=64,framerate=10/1",
    "video/x-raw,format=BGRx,width=128,height=64,framerate=25/1",
    "video/x-raw,format=NV12,width=64,height=128,framerate=0/1",
    "video/x-raw,format=I420,width=64,height=64",
    "video/x-raw,format=RGB,width=63,height=65,framerate=10/1",
    "video/x-raw,format=GRAY8,width=64,height=64,framerate=10/1",
    "video/x-raw,format=RGB,width=1048576,height=1048576,framerate=10/1",
    "video/x-raw,format=RGB",
    "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved",
    "other/tensors,format=static,num_tensors=1,types=float32,dimensions=56:16:1,framerate=10/1",
    "other/tensors,format=static,num_tensors=1,types=float32,dimensions=56:16:2,framerate=0/1",
    "other/tensors,format=static,num_tensors=1,types=int8,dimensions=56:16:1,framerate=10/1",
    "other/tensors,format=static,num_tensors=1,types=float32,dimensions=0:16:1,framerate=10/1",
    "other/tensors,format=static,num_tensors=1,types=float32,dimensions=4294967295:9:9:9,"
    "framerate=10/1",
    "other/tensors,format=static,num_tensors=2,types=\"float32,float32\","
    "dimensions=\"48:16:1,8:16:1\",framerate=10/1",
    "other/tensors,format=flexible",
    "other/"
    "tensors,format=static,num_tensors=1,types=float32,dimensions=56:16:1:1:1:1:1:1,framerate=10/"
    "1"};

class Storm : public ::testing::TestWithParam<Line> {
 protected:
  int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  void send(GstEvent* event) { gst_pad_push_event(harness_->srcpad, event); }
  void send_up(GstEvent* event) { gst_pad_push_event(harness_->sinkpad, event); }

  void send_caps(const char* text) {
    const CapsPtr caps(gst_caps_from_string(text));
    send(gst_event_new_caps(caps.get()));
  }

  void send_segment(GstFormat format, double rate, guint64 start) {
    GstSegment segment;
    gst_segment_init(&segment, format);
    segment.rate = rate;
    segment.start = segment.position = start;
    if (rate < 0) segment.stop = start + 10 * GST_SECOND;
    has_segment_ = true;
    send(gst_event_new_segment(&segment));
  }

  // Sends nothing before a segment: GStreamer itself warns of that mistake.
  void send_buffer(size_t bytes) {
    if (!has_segment_) return;
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, bytes, nullptr);
    gst_buffer_memset(buffer, 0, 0x3c, bytes);  // float32 0.0115 or a shade of grey
    GST_BUFFER_PTS(buffer) = between(0, 3) == 0 ? GST_CLOCK_TIME_NONE : clock_;
    clock_ += GST_SECOND / 10;
    gst_pad_push(harness_->srcpad, buffer);
  }

  void flush() {
    send(gst_event_new_flush_start());
    send(gst_event_new_flush_stop(TRUE));
    has_segment_ = false;
  }

  void begin_stream() {
    send(gst_event_new_stream_start("storm"));
    send_caps(GetParam().sound_caps);
    send_segment(GST_FORMAT_TIME, 1, 0);
  }

  void ask(GstQuery* query) {
    const QueryPtr owned(query);
    const bool only_down = GST_QUERY_TYPE(query) == GST_QUERY_ALLOCATION;
    gst_pad_peer_query(only_down || between(0, 1) ? harness_->srcpad : harness_->sinkpad, query);
  }

  void ask_something() {
    const CapsPtr caps(gst_caps_from_string(kCaps[between(0, std::size(kCaps) - 1)]));
    switch (between(0, 6)) {
      case 0:
        return ask(gst_query_new_caps(between(0, 1) ? caps.get() : nullptr));
      case 1:
        return ask(gst_query_new_accept_caps(caps.get()));
      case 2:
        return ask(gst_query_new_allocation(caps.get(), between(0, 1)));
      case 3:
        return ask(gst_query_new_latency());
      case 4:
        return ask(gst_query_new_position(GST_FORMAT_TIME));
      case 5:
        return ask(gst_query_new_duration(GST_FORMAT_DEFAULT));
      default:
        return ask(gst_query_new_custom(GST_QUERY_CUSTOM, gst_structure_new_empty("anything")));
    }
  }

  void send_something_up() {
    switch (between(0, 3)) {
      case 0:
        return send_up(gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1.5, GST_SECOND, clock_));
      case 1:
        return send_up(gst_event_new_seek(between(-2, 2) + 0.5, GST_FORMAT_TIME,
                                          GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, between(0, 9),
                                          GST_SEEK_TYPE_NONE, -1));
      case 2:
        return send_up(gst_event_new_reconfigure());
      default:
        return send_up(gst_event_new_latency(GST_SECOND));
    }
  }

  void change_settings() {
    static constexpr const char* kSettings[][2] = {
        {"batch-size", "3"},    {"batch-size", "1"},      {"partial-batch", "drop"},
        {"batch-timeout", "0"}, {"partial-batch", "pad"}, {"statistics", "frame"},
        {"statistics", "none"}, {"grid-columns", "2"},    {"grid-columns", "0"},
        {"qos", "true"},        {"normalized", "false"},  {"normalized", "true"}};
    const auto& [name, value] = kSettings[between(0, std::size(kSettings) - 1)];
    for (const char* factory : {"svgencode", "svgalign", "svgdecode"}) {
      GstElement* element = gst_harness_find_element(harness_.get(), factory);
      if (element == nullptr) continue;
      if (g_object_class_find_property(G_OBJECT_GET_CLASS(element), name) != nullptr)
        gst_util_set_object_arg(G_OBJECT(element), name, value);
      gst_object_unref(element);
    }
  }

  void do_something() {
    switch (between(0, 14)) {
      case 0:
        return send_caps(kCaps[between(0, std::size(kCaps) - 1)]);
      case 1:
        return send_segment(between(0, 3) ? GST_FORMAT_TIME : GST_FORMAT_BYTES,
                            between(0, 4) ? 1 : -1, static_cast<guint64>(between(0, 5)));
      case 2:
        return flush();
      case 3:
        return send(gst_event_new_gap(clock_, GST_SECOND));
      case 4:
        return send(gst_event_new_eos());
      case 5:
        return send(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "storm", nullptr)));
      case 6:
        return send(
            gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty("anything")));
      case 7:
        return send_buffer(static_cast<size_t>(between(1, 40000)));
      case 8:
        return send_something_up();
      case 9:
        return change_settings();
      case 10:
        flush();
        return begin_stream();
      case 11:
      case 12:
        return ask_something();
      default:
        return send_buffer(GetParam().sound_bytes);
    }
  }

  void drain() {
    while (GstBuffer* buffer = gst_harness_try_pull(harness_.get())) gst_buffer_unref(buffer);
    while (GstEvent* event = gst_harness_try_pull_event(harness_.get())) gst_event_unref(event);
    while (GstEvent* event = gst_harness_try_pull_upstream_event(harness_.get()))
      gst_event_unref(event);
  }

  std::mt19937 random_{20261126};
  HarnessPtr harness_;
  GstClockTime clock_ = 0;
  bool has_segment_ = false;
};

TEST_P(Storm, IsWeathered) {
  harness_ = harness(with_settings(GetParam().text, kTinyModel + "dtype=float32"));
  begin_stream();
  for (int i = 0; i < kOperations; ++i) {
    do_something();
    drain();
  }
  for (const char* factory : {"svgencode", "svgalign", "svgdecode"})
    if (GstElement* element = gst_harness_find_element(harness_.get(), factory)) {
      for (const auto& [name, value] :
           {std::pair("batch-size", "1"), {"grid-columns", "0"}, {"partial-batch", "renegotiate"}})
        if (g_object_class_find_property(G_OBJECT_GET_CLASS(element), name) != nullptr)
          gst_util_set_object_arg(G_OBJECT(element), name, value);
      gst_object_unref(element);
    }
  flush();
  begin_stream();
  drain();
  send_buffer(GetParam().sound_bytes);
  EXPECT_NE(pull(harness_), nullptr) << "it must work afterwards";
}

constexpr const char* kPictures = kCaps[0];
constexpr const char* kLatents = kCaps[9];
INSTANTIATE_TEST_SUITE_P(Lines, Storm,
                         ::testing::Values(Line{"Encode", "svgencode", kPictures, 64 * 64 * 3},
                                           Line{"Decode", "svgdecode", kLatents, 56 * 16 * 4},
                                           Line{"Edit", "svgedit steps=1", kLatents, 56 * 16 * 4},
                                           Line{"Reconstruct", "svgencode ! svgalign ! svgdecode",
                                                kPictures, 64 * 64 * 3}),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace svgen::gst::testing
