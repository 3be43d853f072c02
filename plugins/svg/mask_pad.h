// SPDX-License-Identifier: MIT
// The sink pad for masks: grey pictures of any size, a still one or a video.
#pragma once

#include <gst/video/video.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "common/handles.h"
#include "svgen/card.h"

namespace svgen::gst {

inline constexpr const char* kMaskCaps =
    "video/x-raw, format=(string)GRAY8, width=(int)[1,max], height=(int)[1,max], "
    "framerate=(fraction)[0/1,max]";

/// Holds the masks that are shown now and next; whoever brings a third one waits. at() belongs to
/// one streaming thread, the rest to the pad's.
class MaskPad {
 public:
  /// Adds the pad to the element. It lives as long as this.
  MaskPad(GstElement* element, GstPadTemplate* pads, const char* name);
  ~MaskPad();
  MaskPad(const MaskPad&) = delete;
  MaskPad& operator=(const MaskPad&) = delete;

  GstPad* pad() const { return pad_; }
  /// The mask that is shown at a running time, 0 (black) to 1 (white) for each cell of the grid
  /// (row-major): the mean over the pixels that the cell covers. The newest mask that has
  /// begun is shown, the first one before its time. Waits for a mask, and, unless `newest` is good
  /// enough, until it is clear that no later one has begun; empty when `goes_on` said false
  /// meanwhile. ConfigurationError where the stream ended without a mask.
  std::vector<float> at(GstClockTime running_time, const Grid& grid, bool newest,
                        const std::function<bool()>& goes_on);

 private:
  struct Mask {
    BufferPtr buffer;
    GstVideoInfo info;
    GstClockTime begins;  // running time; GST_CLOCK_TIME_NONE: at once
  };

  static GstFlowReturn chain(GstPad* pad, GstObject* parent, GstBuffer* buffer);
  static gboolean event(GstPad* pad, GstObject* parent, GstEvent* event);
  static gboolean activate(GstPad* pad, GstObject* parent, GstPadMode mode, gboolean active);
  static MaskPad& of(GstPad* pad);

  GstFlowReturn take(BufferPtr buffer);
  void take_event(GstEvent* event);
  void flush(bool flushing);

  GstElement* element_;
  GstPad* pad_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by it.
  Mask now_, next_;
  GstVideoInfo info_{};
  GstSegment segment_;
  bool has_ended_ = false, is_flushing_ = true;
};

/// Blurs (h, w) cells by a Gaussian of that deviation, in cells, up to three of them away; nothing
/// comes from beyond the border.
std::vector<float> blurred(const std::vector<float>& cells, const Grid& grid, double deviation);

}  // namespace svgen::gst
