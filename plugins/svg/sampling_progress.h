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

  /// Says how far a batch is: `image` is the place in it of the last of those that are made
  /// together.
  struct Place {
    int64_t image = 0, step = 0, steps = 1;
  };

  /// Posts "svg-progress" {image-index, step, steps, images-together, images-done, images-total,
  /// eta (seconds)}, at most twice a second: messages that nobody reads pile up. `index` is that
  /// image's number in the run.
  void report(GstElement* element, const Place& place, int64_t index);

  /// Posts "svg-image" {index, class, class-name, seed, location-hint} and counts the image.
  void finish_image(GstElement* element, int64_t index, int64_t label, const std::string& name,
                    uint64_t seed);

 private:
  using Clock = std::chrono::steady_clock;

  Clock::time_point start_, said_;
  int64_t done_ = 0, total_ = -1;
  int64_t first_ = 0, last_ = -1;  // of the images of a batch that are made together
};

}  // namespace svgen::gst
