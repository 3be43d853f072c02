// SPDX-License-Identifier: MIT
// Pictures beside what was made of them. A compositor would give them the times of its own clock;
// here each pair keeps the times that its picture had.
#include <gst/video/video.h>

#include <algorithm>
#include <cstring>

#include "pipeline_state.h"

namespace svgen::cli {
namespace {

constexpr const char* kComparison = "comparison";
constexpr const char* kPixels = "video/x-raw,format=RGB";
constexpr size_t kBytesOfPixel = 3;

// A mapped frame of packed pixels.
class Frame {
 public:
  Frame(GstBuffer* buffer, const GstCaps* caps, GstMapFlags flags) {
    GstVideoInfo info;
    mapped_ = gst_video_info_from_caps(&info, caps) != FALSE &&
              gst_video_frame_map(&frame_, &info, buffer, flags) != FALSE;
  }
  ~Frame() {
    if (mapped_) gst_video_frame_unmap(&frame_);
  }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  int width() const { return mapped_ ? GST_VIDEO_FRAME_WIDTH(&frame_) : 0; }
  int height() const { return mapped_ ? GST_VIDEO_FRAME_HEIGHT(&frame_) : 0; }
  uint8_t* row(int y) {
    return static_cast<uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame_, 0)) +
           static_cast<ptrdiff_t>(y) * GST_VIDEO_FRAME_PLANE_STRIDE(&frame_, 0);
  }

 private:
  GstVideoFrame frame_{};
  bool mapped_ = false;
};

GstPadProbeReturn keep(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  Pipeline::State& state = *static_cast<Pipeline::State*>(data);
  Pipeline::State::Waiting one{gst::BufferPtr(gst_buffer_ref(GST_PAD_PROBE_INFO_BUFFER(info))),
                               gst::CapsPtr(gst_pad_get_current_caps(pad))};
  const std::lock_guard lock(state.waiting_mutex);
  state.waiting.push_back(std::move(one));
  return GST_PAD_PROBE_OK;
}

// The picture of the same time; the next one where times say nothing.
Pipeline::State::Waiting take(Pipeline::State& state, GstClockTime time) {
  const std::lock_guard lock(state.waiting_mutex);
  auto& waiting = state.waiting;
  const auto is_same = [&](const auto& one) { return GST_BUFFER_PTS(one.buffer.get()) == time; };
  const auto found = std::find_if(waiting.begin(), waiting.end(), is_same);
  if (found != waiting.end()) waiting.erase(waiting.begin(), found);  // nothing was made of these
  if (waiting.empty()) return {};
  Pipeline::State::Waiting one = std::move(waiting.front());
  waiting.pop_front();
  return one;
}

GstPadProbeReturn paint(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  GstBuffer* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
  GST_PAD_PROBE_INFO_DATA(info) = buffer;
  const Pipeline::State::Waiting one =
      take(*static_cast<Pipeline::State*>(data), GST_BUFFER_PTS(buffer));
  const gst::CapsPtr caps(gst_pad_get_current_caps(pad));
  if (!one.buffer || !caps) return GST_PAD_PROBE_OK;
  Frame left(one.buffer.get(), one.caps.get(), GST_MAP_READ),
      whole(buffer, caps.get(), GST_MAP_READWRITE);
  const auto bytes = static_cast<size_t>(std::min(left.width(), whole.width())) * kBytesOfPixel;
  for (int y = 0; y < std::min(left.height(), whole.height()); ++y)
    std::memcpy(whole.row(y), left.row(y), bytes);
  return GST_PAD_PROBE_OK;
}

void watch_source(GstElement* element, GstPadProbeCallback probe, Pipeline::State& state) {
  const gst::PadPtr pad(gst_element_get_static_pad(element, "src"));
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, probe, &state, nullptr);
}

}  // namespace

void Pipeline::keep_for_comparison() {
  add(Step{"videoconvert"});
  add(Step{"capsfilter", {{"caps", kPixels, ""}}});
  watch_source(state_->last, keep, *state_);
}

void Pipeline::add_comparison(int width) {
  add(Step{"videoconvert"});
  add(Step{"capsfilter", {{"caps", kPixels, ""}}});
  add(Step{"videobox"});
  name(kComparison);
  widen_comparison(width);
  add(Step{"capsfilter", {{"caps", kPixels, ""}}});  // videobox converts where nobody objects
  watch_source(state_->last, paint, *state_);
}

void Pipeline::widen_comparison(int width) {
  set(kComparison, {{"left", std::to_string(-width), "--compare"}});
}

}  // namespace svgen::cli
