// SPDX-License-Identifier: MIT
// Helpers of the element tests: run launch lines to their end, and feed single elements by hand.
#pragma once

#include <gmock/gmock.h>
#include <gst/check/gstharness.h>
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/batch_meta.h"
#include "common/handles.h"
#include "common/tensor_memory.h"
#include "common/tensor_stream.h"
#include "svgen/support.h"

namespace svgen::gst::testing {

using svgen::testing::ScratchFolder;
namespace fs = std::filesystem;

/// Sizes of the embedded model, which all these tests use.
inline constexpr int kPatch = 8, kSide = 64, kTokens = 64, kSemantic = 128, kResidual = 24,
                     kLatent = kSemantic + kResidual, kClasses = 16;

/// An error message of an element, in its parts.
struct PostedError {
  std::string source;  // element name
  GQuark domain = 0;
  int code = 0;
  std::string text, debug;
};

/// A buffer with caps and segment, as an appsink got it.
struct Sample {
  CapsPtr caps;
  BufferPtr buffer;
  GstSegment segment;

  TensorStream stream() const { return TensorStream::parse(caps.get()); }
  bool is_tensor_memory() const;
  std::vector<Tensor> tensors() const { return tensors_of(buffer.get(), stream()); }
  std::string bytes() const;
};

/// Runs a launch line, and keeps what comes out of the appsink named "out" and the messages of the
/// bus.
class Pipeline {
 public:
  explicit Pipeline(const std::string& line);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Plays to the end of the stream (true) or an error (false), then stops.
  bool run();
  /// Waits for the state; false when it fails.
  bool go_to(GstState state);
  /// Waits for the end of the stream (true), an error or a minute (false).
  bool wait_for_end();
  /// Waits for an element message of that name; false when the stream ends without.
  bool wait_for_message(const char* name);
  /// Waits for a message of that kind; null after a minute.
  MessagePtr wait_for(GstMessageType kind);
  /// Sets the pipeline to NULL and keeps the messages that are still on the bus.
  void stop();

  GstElement* get() const { return pipeline_.get(); }
  /// Returns an element of the line, which lives as long as the pipeline.
  GstElement* element(const std::string& name) const;

  std::vector<Sample> take_samples();
  size_t sample_count();
  const std::vector<PostedError>& errors() const { return errors_; }
  /// Returns the errors of svg elements; those of others only follow from them.
  std::vector<PostedError> svg_errors() const;
  /// Returns the only svg error: its element, headline and debug text. Fails the test when there is
  /// none, or another one.
  std::string only_error() const;
  const std::vector<StructurePtr>& element_messages() const { return element_messages_; }
  std::vector<const GstStructure*> messages_named(const char* name) const;

 private:
  struct StopAndUnref {
    void operator()(GstElement* element) const;
  };
  void keep(GstMessage* message);
  GstMessageType wait_for_news(gint64 deadline);

  std::unique_ptr<GstElement, StopAndUnref> pipeline_;
  std::mutex mutex_;
  std::vector<Sample> samples_;
  std::vector<PostedError> errors_;
  std::vector<StructurePtr> element_messages_;
};

/// Whether resident memory says anything: sanitizers hold back what was freed.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kResidentCounts = false;
#else
inline constexpr bool kResidentCounts = true;
#endif

/// Returns how long a test of endurance lasts: what the variable says, else `usual`.
std::chrono::seconds duration_of(const char* variable, int usual);

/// The model of the tests that only need some model: 64x64 pixels, 4x4 tokens.
inline const std::string kTinyModel = " model=" + std::string(SVGEN_TEST_DATA) + "/tiny ";

/// Returns the line with these settings behind the name of each svg element.
std::string with_settings(std::string line, const std::string& settings);

/// Returns the samples of a line that must play to its end; " ! appsink" is added to it.
std::vector<Sample> samples_of(const std::string& line);

/// Returns the only svg error of a line that must fail.
std::string error_of(const std::string& line);

/// Returns "videotestsrc ... ! caps" of `frames` pictures that all differ, 64 by 64 pixels unless
/// told otherwise.
std::string video(int frames, const std::string& more_caps = "width=64,height=64");

struct ElementRelease {
  void operator()(GstElement* element) const { gst_object_unref(element); }
};
using ElementPtr = std::unique_ptr<GstElement, ElementRelease>;

/// Makes an element outside of any pipeline.
ElementPtr made(const char* factory);

struct TearDown {
  void operator()(GstHarness* harness) const { gst_harness_teardown(harness); }
};
using HarnessPtr = std::unique_ptr<GstHarness, TearDown>;

/// Puts one element, or several linked ones, between two pads of the test.
HarnessPtr harness(const std::string& line);

/// Makes RGB picture `index` in one shade of grey, with its time at 10 frames a second.
BufferPtr picture(int index, int side = kSide);
inline constexpr const char* kPictureCaps =
    "video/x-raw, format=(string)RGB, width=(int)64, height=(int)64, framerate=(fraction)10/1, "
    "pixel-aspect-ratio=(fraction)1/1";

/// Waits for the next output of a harness; null after a minute.
BufferPtr pull(const HarnessPtr& harness);

/// Returns the caps on a harness's sink pad, as a stream.
TensorStream output_stream(const HarnessPtr& harness);

/// Writes another card for the embedded model's weights; each change {from, to} edits its text.
fs::path other_card(const ScratchFolder& folder, const std::string& name,
                    const std::vector<std::pair<std::string, std::string>>& changes = {});

/// Writes a safetensors file with one float32 tensor.
void write_safetensors(const fs::path& file, const std::string& name, const Shape& shape,
                       const std::vector<float>& values);

/// Returns the largest difference of two tensors' float32 values; infinite when the shapes differ.
double largest_difference(const Tensor& a, const Tensor& b);

}  // namespace svgen::gst::testing
