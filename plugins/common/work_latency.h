// SPDX-License-Identifier: MIT
// Measures what an element's work adds to the latency of a live pipeline.
#pragma once

#include <gst/gst.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace svgen::gst {

/// Keeps a running mean of times, reported with a quarter of headroom. Counted on one thread, read
/// on any.
class WorkLatency {
 public:
  /// Counts a piece of work. True when what is reported has moved by more than a quarter (and a
  /// millisecond): then a live pipeline should ask again.
  bool add(GstClockTime spent) {
    constexpr int kPieces = 8;  // that the mean looks back, about
    const auto now = static_cast<double>(spent);
    // The first piece loads weights: the second takes its place.
    mean_ = ++pieces_ <= 2 ? now : mean_ + (now - mean_) / kPieces;
    const auto wanted = static_cast<GstClockTime>(mean_ * 5 / 4);
    const GstClockTime reported = reported_;
    const GstClockTime moved = wanted > reported ? wanted - reported : reported - wanted;
    if (moved <= std::max<GstClockTime>(reported / 4, GST_MSECOND)) return false;
    reported_ = wanted;
    return true;
  }

  /// Returns nanoseconds; 0 before the first piece of work.
  GstClockTime reported() const { return reported_; }

  void reset() {
    pieces_ = 0;
    mean_ = 0;
    reported_ = 0;
  }

 private:
  int64_t pieces_ = 0;
  double mean_ = 0;
  std::atomic<GstClockTime> reported_{0};
};

}  // namespace svgen::gst
