// SPDX-License-Identifier: MIT
// Posting progress, rate limited.
#include "svg/sampling_progress.h"

#include "common/errors.h"

namespace svgen::gst {

void SamplingProgress::begin(int64_t total) {
  start_ = said_ = Clock::now();
  done_ = 0;
  last_ = -1;
  total_ = total;
}

void SamplingProgress::report(GstElement* element, const Place& place, int64_t index) {
  if (place.image != last_) first_ = place.image > last_ ? last_ + 1 : 0;
  last_ = place.image;
  constexpr std::chrono::milliseconds kInterval{500};
  const Clock::time_point now = Clock::now();
  if (now - said_ < kInterval) return;
  said_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const int64_t together = place.image + 1 - first_, done = done_ + first_;
  const double images = static_cast<double>(done) + static_cast<double>(together * place.step) /
                                                        static_cast<double>(place.steps);
  const double eta =
      total_ < 0 || images <= 0 ? -1.0 : seconds / images * (static_cast<double>(total_) - images);
  gst_element_post_message(
      element, gst_message_new_element(
                   GST_OBJECT_CAST(element),
                   gst_structure_new("svg-progress", "image-index", G_TYPE_INT64, index, "step",
                                     G_TYPE_INT64, place.step, "steps", G_TYPE_INT64, place.steps,
                                     "images-together", G_TYPE_INT64, together, "images-done",
                                     G_TYPE_INT64, done, "images-total", G_TYPE_INT64, total_,
                                     "eta", G_TYPE_DOUBLE, eta, nullptr)));
}

void SamplingProgress::finish_image(GstElement* element, int64_t index, int64_t label,
                                    const std::string& name, uint64_t seed) {
  ++done_;
  last_ = -1;
  const std::string shown = name.empty() ? std::to_string(label) : name;
  const std::string hint = std::to_string(index) + "-" + shown + "-" + std::to_string(seed);
  GstStructure* facts =
      gst_structure_new("svg-image", "index", G_TYPE_INT64, index, "class", G_TYPE_INT64, label,
                        "seed", G_TYPE_UINT64, seed, nullptr);
  set_text(facts, "class-name", shown);
  set_text(facts, "location-hint", hint);
  gst_element_post_message(element, gst_message_new_element(GST_OBJECT_CAST(element), facts));
}

}  // namespace svgen::gst
