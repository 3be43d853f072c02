// SPDX-License-Identifier: MIT
// The state of a pipeline while it is built and while it runs.
#pragma once

#include <atomic>
#include <deque>
#include <list>
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

  // A file that is read, and its decoder.
  struct Input {
    State& state;
    std::filesystem::path file;
    GstElement* decoder;  // owned by the bin
    gst::PadPtr entry;    // where decoded video goes
    std::atomic<int64_t> decoded = 0;
    std::mutex mutex = {};
    std::string other_streams = {};  // guarded by it
    std::string refused_sound = {};  // words about it; guarded, too
  };

  std::list<Input> inputs;
  const Input* main = nullptr;  // the one that begins the pipeline; null where no file does
  GstElement* muxer = nullptr;  // takes its sound

  // The pictures, counted and limited.
  std::atomic<int64_t> counted{0};
  bool counts = false;
  int64_t most = 0;
  std::string too_many;
  std::function<std::string(const PictureSize&)> note;
  std::function<void(const std::string&)> on_file;
  std::function<void(GstSample*)> on_preview;
  bool finishes_when_stopped = false;
  std::function<void(GstPad*, GstBuffer*)> on_buffer;

  // Pictures that wait for what the model makes of them.
  struct Waiting {
    gst::BufferPtr buffer;
    gst::CapsPtr caps;
  };
  std::mutex waiting_mutex;
  std::deque<Waiting> waiting;  // guarded by it
};

/// Whether a decoder leaves a stream as it is: sound, once it is cut into frames.
bool is_sound_in_frames(const GstCaps* caps);

/// Links a pad with the sound of a file to the muxer; words about why not, or none.
std::string take_sound(Pipeline::State::Input& input, GstPad* pad, const GstCaps* caps);

/// Explains why a file whose pictures all stayed inside its decoder gave nothing.
std::string why_nothing_was_decoded(GstElement* decoder, const std::string& file);

}  // namespace svgen::cli
