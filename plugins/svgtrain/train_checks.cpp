// SPDX-License-Identifier: MIT
// Words for data that do not fit.
#include "svgtrain/train_checks.h"

#include <utility>

#include "common/errors.h"
#include "svgen/error.h"

namespace svgen::gst {

void check_end(const EndOfData& end, const std::string& element) {
  const bool enough =
      end.max_steps < 0 ? end.last_step > end.first_step : end.last_step >= end.max_steps;
  if (enough) return;
  const std::string wanted =
      end.max_steps < 0 ? "one step at least" : std::to_string(end.max_steps) + " steps";
  throw ConfigurationError(
      "the stream ended before the training: give more images (epochs=-1 repeats a dataset), a "
      "smaller batch-size or fewer max-steps",
      {.expected = wanted,
       .found = std::to_string(end.last_step) + " steps, and " + std::to_string(end.waiting) +
                " images that are no batch of " + std::to_string(end.batch_size),
       .where = element});
}

void refuse_empty_stream(const std::string& element) {
  throw IoError(
      "nothing arrived before the end of the stream, so nothing was trained: are there "
      "pictures in the source?",
      {.expected = "one batch at least", .found = "none", .where = element});
}

void warn_of_other_classes(GstElement* element, const Card& card, size_t named) {
  const int64_t wanted = card.diffusion ? card.diffusion->classes : 0;
  const bool fits = std::cmp_equal(named, wanted) || !card.classes.empty();
  if (named == 0 || wanted == 0 || fits) return;
  const std::string found =
      std::to_string(named) + " classes in the data, " + std::to_string(wanted) + " in the card";
  warn(element, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
       "The trained card gets no names of classes: " + found, found);
}

void warn_of_earlier_training(GstElement* element, const std::filesystem::path& folder) {
  if (folder.empty()) return;
  warn(
      element, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY,
      "The checkpoint folder held a training, which resume=true would have continued; it was moved "
      "into " +
          folder.string(),
      folder.string());
}

}  // namespace svgen::gst
