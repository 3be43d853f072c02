// SPDX-License-Identifier: MIT
// The sink pad for masks: grey pictures of any size, a still one or a video.
#pragma once

#include <gst/video/video.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "common/handles.h"
#include "common/request_pad.h"
#include "svgen/card.h"

namespace svgen::gst {

inline constexpr const char* kMaskCaps =
    "video/x-raw, format=(string)GRAY8, width=(int)[1,max], height=(int)[1,max], "
    "framerate=(fraction)[0/1,max]";

/// Holds the masks that are shown now and next; whoever brings a third one waits until the next one
/// has begun. reach(), at() and forget() belong to one streaming thread, the rest to the pad's.
class MaskPad {
 public:
  /// Adds the pad to the element. It lives as long as this.
  MaskPad(GstElement* element, GstPadTemplate* pads, const char* name);

  GstPad* pad() const { return pad_.get(); }
  /// Takes the pad from the element, for good: at() waits no more.
  void release() { pad_.release(); }
  bool is_released() const { return pad_.is_released(); }

  /// Says that images have come up to this running time: masks before it need not be kept, whether
  /// somebody looks at them or not.
  void reach(GstClockTime running_time);
  /// Says that time starts anew.
  void forget();
  /// The mask that is shown at a running time, 0 (black) to 1 (white) for each cell of the grid
  /// (row-major): the mean over the pixels that the cell covers. The newest mask that has
  /// begun is shown, the first one before its time. Waits for a mask, and, unless `newest` is good
  /// enough, until it is clear that no later one has begun: by the next one, a gap or the end.
  /// Empty when `goes_on` said false or the pad was released meanwhile. ConfigurationError where
  /// the stream ended without a mask.
  std::vector<float> at(GstClockTime running_time, const Grid& grid, bool newest,
                        const std::function<bool()>& goes_on);

 private:
  struct Mask {
    BufferPtr buffer;
    GstVideoInfo info;
    GstClockTime begins;  // running time; GST_CLOCK_TIME_NONE: at once
  };

  friend RequestPad<MaskPad>;
  GstFlowReturn take(BufferPtr buffer);
  void take_event(GstEvent* event);
  void flush(bool flushing);
  void clear();
  bool next_has_begun() const;
  const std::vector<float>& cells(const Grid& grid);

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by it.
  Mask now_, next_;
  std::vector<float> cells_;  // of now_, for grid_
  Grid grid_;
  GstClockTime reached_ = 0;  // running time of the images
  GstClockTime known_ =
      0;  // and of the masks: there is none that begins before it and has not come
  GstVideoInfo info_{};
  GstSegment segment_{};
  PadState state_;

  RequestPad<MaskPad> pad_;  // the last to come and the first to go
};

/// Returns a time of a segment as running time; GST_CLOCK_TIME_NONE where the segment counts none.
GstClockTime running_time_of(const GstSegment& segment, GstClockTime time);

/// Blurs (h, w) cells by a Gaussian of that deviation, in cells, up to three of them away; nothing
/// comes from beyond the border.
std::vector<float> blurred(const std::vector<float>& cells, const Grid& grid, double deviation);

}  // namespace svgen::gst
