// SPDX-License-Identifier: MIT
// The messages of a sampler at work: svg-progress while it runs, svg-image for each result.
#pragma once

#include <gst/gst.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace svgen::gst {

class SamplingProgress {
 public:
  /// `total` images will be made from now; -1 when nobody knows.
  void begin(int64_t total);

  /// Posts "svg-progress" {image-index, step, steps, images-done, images-total, eta (seconds)}, at
  /// most twice a second: messages that nobody reads pile up.
  void report(GstElement* element, int64_t index, int64_t step, int64_t steps);

  /// Posts "svg-image" {index, class, class-name, seed, location-hint} and counts the image.
  void finish_image(GstElement* element, int64_t index, int64_t label, const std::string& name,
                    uint64_t seed);

 private:
  using Clock = std::chrono::steady_clock;

  Clock::time_point start_, last_;
  int64_t done_ = 0, total_ = -1;
};

}  // namespace svgen::gst
