// SPDX-License-Identifier: MIT
// Posting progress, rate limited.
#include "svg/sampling_progress.h"

namespace svgen::gst {

void SamplingProgress::begin(int64_t total) {
  start_ = last_ = Clock::now();
  done_ = 0;
  total_ = total;
}

void SamplingProgress::report(GstElement* element, int64_t index, int64_t step, int64_t steps) {
  constexpr std::chrono::milliseconds kInterval{500};
  const Clock::time_point now = Clock::now();
  if (now - last_ < kInterval) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double images =
      static_cast<double>(done_) + static_cast<double>(step) / static_cast<double>(steps);
  const double eta =
      total_ < 0 || images <= 0 ? -1.0 : seconds / images * (static_cast<double>(total_) - images);
  gst_element_post_message(
      element, gst_message_new_element(
                   GST_OBJECT_CAST(element),
                   gst_structure_new("svg-progress", "image-index", G_TYPE_INT64, index, "step",
                                     G_TYPE_INT64, step, "steps", G_TYPE_INT64, steps,
                                     "images-done", G_TYPE_INT64, done_, "images-total",
                                     G_TYPE_INT64, total_, "eta", G_TYPE_DOUBLE, eta, nullptr)));
}

void SamplingProgress::finish_image(GstElement* element, int64_t index, int64_t label,
                                    const std::string& name, uint64_t seed) {
  ++done_;
  const std::string shown = name.empty() ? std::to_string(label) : name;
  const std::string hint = std::to_string(index) + "-" + shown + "-" + std::to_string(seed);
  gst_element_post_message(
      element,
      gst_message_new_element(
          GST_OBJECT_CAST(element),
          gst_structure_new("svg-image", "index", G_TYPE_INT64, index, "class", G_TYPE_INT64, label,
                            "class-name", G_TYPE_STRING, shown.c_str(), "seed", G_TYPE_UINT64, seed,
                            "location-hint", G_TYPE_STRING, hint.c_str(), nullptr)));
}

}  // namespace svgen::gst
