// SPDX-License-Identifier: MIT
// Helpers of the tests of training data: pictures on disk, and what buffers say of their images.
#pragma once

#include <string>
#include <vector>

#include "harness.h"
#include "svgen/picture.h"

namespace svgen::gst::testing {

/// Makes a picture whose pixels vary, a different one for each number.
inline Picture numbered_picture(int number, int64_t width = 20, int64_t height = 16) {
  Picture picture(width, height);
  for (size_t i = 0; i < picture.pixels.size(); ++i) {
    picture.pixels[i] =
        static_cast<uint8_t>((i * 7 + i / 60 + static_cast<size_t>(number) * 31) % 256);
  }
  return picture;
}

/// Returns a picture as a binary PPM file, which is lossless.
inline std::string ppm(const Picture& picture) {
  return "P6\n" + std::to_string(picture.width) + " " + std::to_string(picture.height) + "\n255\n" +
         std::string(picture.pixels.begin(), picture.pixels.end());
}

/// Returns what each buffer says of its one image.
inline std::vector<ImageFacts> facts_of(const std::vector<Sample>& samples) {
  std::vector<ImageFacts> all;
  for (const Sample& sample : samples) all.push_back(image_facts(sample.buffer.get(), 1)[0]);
  return all;
}

template <typename T>
std::vector<T> column(const std::vector<ImageFacts>& facts, T ImageFacts::*member) {
  std::vector<T> values;
  for (const ImageFacts& fact : facts) values.push_back(fact.*member);
  return values;
}

inline std::vector<int64_t> indices_of(const std::vector<Sample>& samples) {
  return column(facts_of(samples), &ImageFacts::index);
}

inline std::vector<int64_t> labels_of(const std::vector<Sample>& samples) {
  return column(facts_of(samples), &ImageFacts::label);
}

/// Returns `count` numbers: first, first + step, ...
inline std::vector<int64_t> steps(int64_t first, int64_t count, int64_t step = 1) {
  std::vector<int64_t> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(first + i * step);
  return values;
}

/// Returns the first error of a line that must fail; svg sources add one about their stopped
/// stream.
inline std::string first_error(const std::string& line) {
  Pipeline pipeline(line);
  EXPECT_FALSE(pipeline.run()) << line;
  const std::vector<PostedError> errors = pipeline.svg_errors();
  return errors.empty() ? std::string() : errors.front().text + "\n" + errors.front().debug;
}

/// Returns the bytes of every buffer.
inline std::vector<std::string> bytes_of(const std::vector<Sample>& samples) {
  std::vector<std::string> all;
  for (const Sample& sample : samples) all.push_back(sample.bytes());
  return all;
}

/// Seeks by image index; returns the indices of the next `count` buffers.
inline std::vector<int64_t> indices_after_seek(const std::string& source, int64_t index,
                                               int count) {
  const HarnessPtr h = harness(source);
  gst_harness_play(h.get());
  pull(h);
  EXPECT_TRUE(gst_harness_push_upstream_event(
      h.get(), gst_event_new_seek(1, GST_FORMAT_DEFAULT, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET,
                                  index, GST_SEEK_TYPE_NONE, -1)));
  // What was queued before the seek still lies in the harness.
  std::vector<int64_t> found;
  for (int i = 0; i < 200 && found.size() < static_cast<size_t>(count); ++i) {
    const BufferPtr buffer = pull(h);
    if (!buffer) break;
    const int64_t at = image_facts(buffer.get(), 1)[0].index;
    if (at == index) found.clear();  // the source had run past it before
    if (at >= index) found.push_back(at);
  }
  return found;
}

/// Plays a source backwards from its end to image `first`; returns its samples.
inline std::vector<Sample> samples_backwards(const std::string& source, int64_t first = 0) {
  Pipeline pipeline(source + " ! appsink name=out sync=false");
  EXPECT_TRUE(pipeline.go_to(GST_STATE_PAUSED));
  EXPECT_TRUE(gst_element_seek(pipeline.get(), -1, GST_FORMAT_DEFAULT, GST_SEEK_FLAG_FLUSH,
                               GST_SEEK_TYPE_SET, first, GST_SEEK_TYPE_NONE, -1));
  EXPECT_TRUE(pipeline.run());
  return pipeline.take_samples();
}

/// Runs a training; returns the loss of its last step.
inline double last_loss(const std::string& line) {
  Pipeline pipeline(line);
  EXPECT_TRUE(pipeline.run()) << line;
  gdouble loss = -1;
  const auto messages = pipeline.messages_named("svg-train-stats");
  EXPECT_FALSE(messages.empty());
  if (!messages.empty()) gst_structure_get_double(messages.back(), "loss", &loss);
  return loss;
}

}  // namespace svgen::gst::testing
