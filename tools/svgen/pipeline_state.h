// SPDX-License-Identifier: MIT
// The state of a pipeline while it is built and while it runs.
#pragma once

#include <atomic>
#include <map>
#include <mutex>

#include "common/handles.h"
#include "pipeline.h"

namespace svgen::cli {

struct Pipeline::State {
  State() : bin(gst_pipeline_new(nullptr)) {}
  ~State() {
    gst_element_set_state(bin, GST_STATE_NULL);
    gst_object_unref(bin);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// A new element in the bin, linked behind `last`.
  GstElement* append(const std::string& factory);
  /// Ends the run with these words; from any thread.
  void fail(const std::string& text) const { tell(kFailure, text); }
  /// Shows them and goes on.
  void say(const std::string& text) const { tell(kNote, text); }

  // Names of messages.
  static constexpr const char *kFailure = "svgen-failure", *kNote = "svgen-note";

  void tell(const char* message, const std::string& text) const;

  GstElement* bin;
  GstElement* last = nullptr;
  std::map<std::string, GstElement*> named;

  // The file that is read, and its decoder.
  std::filesystem::path file;
  GstElement* decoder = nullptr;  // owned by the bin
  gst::PadPtr entry;              // where decoded video goes
  std::mutex mutex;
  std::string other_streams;  // guarded by it

  // The pictures, counted and limited.
  std::atomic<int64_t> decoded{0}, counted{0};
  bool counts = false;
  int64_t most = 0;
  std::string too_many;
  std::function<std::string(int, int)> note;
  std::function<void(const std::string&)> on_file;
};

/// Explains why a file whose pictures all stayed inside its decoder gave nothing.
std::string why_nothing_was_decoded(GstElement* decoder, const std::string& file);

}  // namespace svgen::cli
