// SPDX-License-Identifier: MIT
// Keeps the place in a stream of numbered images: which come next, in either direction, and when.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <cstdint>
#include <vector>

#include "common/properties.h"
#include "common/sharing.h"

namespace svgen::gst {

struct NumberedSettings {
  int64_t first_index = 0;
  int64_t num_images = -1;
  Fraction framerate{0, 1};
  ShardChoice shard = ShardChoice::kAuto;

  /// Returns the time at which an image is shown, from the first one on.
  GstClockTime time_of(int64_t index) const;
  /// Returns the image that is shown at a time; the first one without a rate.
  int64_t index_of(GstClockTime time) const;
};

/// answer() may be called from any thread; the rest belongs to state changes and the streaming
/// thread.
class NumberedStream {
 public:
  /// Starts a run: `available` images exist, over all epochs (-1: without end), and this process
  /// makes those of its shard.
  void begin(const NumberedSettings& settings, int64_t available, const Shard& shard);

  /// Goes to a segment whose DEFAULT counts images by absolute index, TIME from the first image.
  /// Backwards the image before the stop comes first, the last one where the stop is open, which is
  /// set then: time that runs backwards needs a place to start from. False where there is none, and
  /// for a time in a stream without a rate.
  bool seek(const NumberedSettings& settings, GstSegment* segment);

  /// Returns the index of this process's next image.
  int64_t next() const { return next_; }
  /// Returns the step from one of its images to the one that follows; negative backwards.
  int64_t step() const { return backwards_ ? -shard_.world : shard_.world; }
  /// Returns how many of its images are still to come; -1 without end.
  int64_t left() const;
  /// Returns the indices of the next `most` of them, fewer at the end.
  std::vector<int64_t> upcoming(int64_t most) const;
  void advance_behind(int64_t index) { next_ = index + step(); }

  /// Answers for the duration, and for conversions between index and time, by which a stream with
  /// a rate is sought by index, too.
  bool answer(const NumberedSettings& settings, GstQuery* query) const;

 private:
  bool answer_duration(const NumberedSettings& settings, GstQuery* query) const;

  Shard shard_;
  std::atomic<int64_t> available_{-1};
  int64_t last_ = -1;  // the stream ends before it; -1: never
  int64_t next_ = 0;
  int64_t low_ = 0, end_ = -1;  // of the segment
  bool backwards_ = false;
};

/// Sets index and time of a buffer with the images `one` to `other`, in either direction.
void stamp(GstBuffer* buffer, const NumberedSettings& settings, int64_t one, int64_t other);

}  // namespace svgen::gst
