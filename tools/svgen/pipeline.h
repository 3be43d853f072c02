// SPDX-License-Identifier: MIT
// A pipeline of elements, one behind the other, run to its end with a bar of its progress.
#pragma once

#include <gst/gst.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "progress.h"
#include "svgen/image.h"

namespace svgen::cli {

/// A failed pipeline's words, from the element that knows most.
struct PipelineError {
  std::string text;
};

/// Stopped by a signal; the words of an element that failed on the way to the end, if any.
struct Interrupted {
  int signal;
  std::string failure = {};
};

/// A property as text, and what the user set to give it.
struct Setting {
  std::string property, text, where;
};

/// Of pictures: pixels, and the shape of a pixel.
struct PictureSize {
  int width = 0, height = 0;
  int pixel_width = 1, pixel_height = 1;
};

/// An element. Values are set on it and never part of a text that is parsed, whatever they hold.
struct Step {
  std::string factory;
  std::vector<Setting> settings = {};
};

class Pipeline {
 public:
  Pipeline();
  ~Pipeline();

  /// The video of a file, or of what it holds first, decoded, upright, progressive. First of all,
  /// or behind begin_apart().
  void add_file(const std::filesystem::path& file);
  /// One picture. First of all, or behind begin_apart(); the pixels are copied.
  void add_picture(const ImageView& picture);
  /// One buffer with its caps. First of all.
  void add_sample(GstSample* sample);
  /// Behind what there is. PipelineError when the element is not installed, with the package that
  /// has it; ConfigurationError when it does not take a setting.
  void add(const Step& step);
  void add(const std::vector<Step>& steps);
  /// Values of the last element. ConfigurationError when it does not take one.
  void set(const std::vector<Setting>& settings);
  /// The same, of the element of this name.
  void set(const std::string& name, const std::vector<Setting>& settings);
  /// A preset of the last element. ConfigurationError lists those that exist.
  void load_preset(const std::string& name, const std::string& where);
  /// Gives the last element a name, under which branches begin and end.
  void name(const std::string& name);
  /// A queue without limits, so that branches which meet again do not wait for each other.
  void add_queue();
  /// What is added next follows the element of this name, a tee, behind add_queue().
  void branch_from(const std::string& name);
  /// Adds an element that is not linked yet, and names it.
  void add_apart(const Step& step, const std::string& name);
  /// What is added next is another source.
  void begin_apart();
  /// Links the last element to a pad of the one of this name, behind which the pipeline goes on.
  void join(const std::string& name, const char* pad);

  /// Before the last element added gets its first picture, `note` hears the pictures' size, and may
  /// set elements by it; what it says, if anything, is shown to the user. Errors that it throws end
  /// the run.
  void note_size(std::function<std::string(const PictureSize&)> note);
  /// Pictures are counted where they reach the last element added. More than `most` are an error
  /// with these words.
  void count_pictures(int64_t most, const std::string& too_many);

  /// The last element is a muxer: it gets the sound of the file, all tracks of it as they are. The
  /// run fails where they do not go in, with words about what to do.
  void keep_sound();

  /// Adds what keeps the pictures that come by here, and at the end of the pipeline what puts each
  /// to the left of what was made of it. Neither changes their times, nor waits for a rate.
  void keep_for_comparison();
  /// `width`: of a picture; 0: widen_comparison() says it later.
  void add_comparison(int width);
  void widen_comparison(int width);

  /// `on_buffer` hears each buffer that reaches the last element, in its thread. Errors that it
  /// throws end the run.
  void watch_buffers(std::function<void(GstPad* pad, GstBuffer* buffer)> on_buffer);
  /// When a multifilesink has completed a file, `on_file` hears its name, in the thread of run().
  void watch_files(std::function<void(const std::string& file)> on_file);
  /// When pictures are being made, `on_preview` hears what they may become: latents with their
  /// caps. In the thread of run(); errors that it throws end the run, and it may run another
  /// pipeline.
  void watch_previews(std::function<void(GstSample* latents)> on_preview);
  /// A first signal ends the stream instead of the run, so that what is finished is written.
  void finish_when_stopped();

  /// Runs to the end. PipelineError when an element fails or no picture came through; Interrupted.
  void run(Progress& progress);

  struct State;  // pipeline_state.h

 private:
  std::unique_ptr<State> state_;
};

/// A picture or video of more pixels is refused: it would take gigabytes on its way.
int64_t most_pixels();
inline constexpr const char* kMostPixelsVariable = "SVGEN_MAX_PIXELS";

/// The elements that commands use.
std::vector<std::string> needed_elements();

/// Returns what to install for one of them.
std::string package_of(const std::string& factory);

}  // namespace svgen::cli
