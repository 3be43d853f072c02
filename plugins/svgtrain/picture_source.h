// SPDX-License-Identifier: MIT
// The base of svgscenesrc and svgdatasetsrc: square RGB frames, one image each, made by worker
// threads ahead of the stream.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/batch_meta.h"
#include "common/handles.h"
#include "common/numbered_source.h"
#include "common/video_frames.h"
#include "svgtrain/prefetch.h"

namespace svgen::gst {

struct PictureSettings : NumberedSettings {
  int64_t size = 0;
  int64_t threads = 0;
};

template <typename Impl>
std::vector<Property<Impl>> picture_properties() {
  return joined(
      numbered_properties<Impl>(),
      {field<Impl>(&PictureSettings::size, {.name = "size",
                                            .blurb = "Width and height of the frames in pixels",
                                            .low = 1,
                                            .high = 8192}),
       field<Impl>(&PictureSettings::threads,
                   {.name = "threads",
                    .blurb = "Threads that make images ahead of the stream (0: one a core)",
                    .low = 0,
                    .high = 256})});
}

/// A frame on its way: an image, perhaps with what is to be said of it, or why there is none.
struct MadeFrame {
  int64_t index = 0;
  BufferPtr buffer;
  std::string problem;  // or the words
};

/// A new frame of size x size pixels, painted by `paint(view)`, with what is known of its image.
template <typename Paint>
BufferPtr new_frame(int64_t size, const ImageFacts& facts, Paint paint) {
  GstVideoInfo info;
  const auto side = static_cast<guint>(size);
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_RGB, side, side);
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr));
  {
    const MappedFrame mapped(buffer.get(), info, GST_MAP_WRITE);
    paint(mapped.mutable_view());
  }
  set_image_facts(buffer.get(), {facts});
  return buffer;
}

/// Impl has
///   int64_t available()                        images over all epochs, -1: without end; at start
///   std::function<MadeFrame(int64_t)> maker()  makes frame `index`; called on worker threads
///   void skipped(const MadeFrame&)             a frame without an image
///   void noted(const MadeFrame&)               an image with words; optional
template <typename Impl, typename SettingsType>
class PictureSource : public NumberedSource<Impl, SettingsType> {
 public:
  using NumberedSource<Impl, SettingsType>::NumberedSource;

  static constexpr const char* kSourceCaps =
      "video/x-raw, format=(string)RGB, width=(int)[1,8192], height=(int)[1,8192], "
      "framerate=(fraction)[0/1,max], pixel-aspect-ratio=(fraction)1/1, "
      "interlace-mode=(string)progressive, colorimetry=(string)sRGB";

  gboolean start() {
    const int64_t available = static_cast<Impl*>(this)->available();
    this->numbers().begin(this->settings(), available, shard_of(this->settings().shard));
    return TRUE;
  }

  gboolean stop() {
    frames_.stop();
    return TRUE;
  }

  void moved() { frames_.stop(); }
  void noted(const MadeFrame&) {}

  gboolean unlock() {
    frames_.interrupt(true);
    return TRUE;
  }
  gboolean unlock_stop() {
    frames_.interrupt(false);
    return TRUE;
  }

  GstCaps* get_caps(GstCaps* filter) {
    const SettingsType s = this->settings();
    const CapsPtr caps(gst_caps_from_string(kSourceCaps));
    const int size = static_cast<int>(s.size);
    gst_caps_set_simple(caps.get(), "width", G_TYPE_INT, size, "height", G_TYPE_INT, size,
                        "framerate", GST_TYPE_FRACTION, s.framerate.numerator,
                        s.framerate.denominator, nullptr);
    return this->filtered(caps, filter);
  }

  GstFlowReturn create(GstBuffer** out) {
    while (true) {
      if (this->numbers().left() == 0) return GST_FLOW_EOS;
      if (!frames_.running()) begin_frames();
      std::optional<MadeFrame> frame = frames_.take();
      if (!frame) return GST_FLOW_FLUSHING;
      this->numbers().advance_behind(frame->index);
      if (frame->buffer) {
        if (!frame->problem.empty()) static_cast<Impl*>(this)->noted(*frame);
        stamp(frame->buffer.get(), this->settings(), frame->index, frame->index);
        *out = frame->buffer.release();
        return GST_FLOW_OK;
      }
      static_cast<Impl*>(this)->skipped(*frame);
    }
  }

 private:
  void begin_frames() {
    const int64_t wanted = this->settings().threads;
    const size_t threads = wanted > 0 ? static_cast<size_t>(wanted)
                                      : std::max(1u, std::thread::hardware_concurrency());
    frames_.start({.first = this->numbers().next(),
                   .step = this->numbers().step(),
                   .count = this->numbers().left(),
                   .threads = threads,
                   .ahead = kAheadPerThread * threads},
                  static_cast<Impl*>(this)->maker());
  }

  static constexpr size_t kAheadPerThread = 4;
  Prefetch<MadeFrame> frames_;
};

}  // namespace svgen::gst
