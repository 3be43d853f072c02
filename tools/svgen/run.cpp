// SPDX-License-Identifier: MIT
// Running a pipeline to its end, its failure or a signal.
#include <glib-unix.h>
#include <gst/pbutils/pbutils.h>

#include <csignal>
#include <optional>

#include "console.h"
#include "pipeline_state.h"
#include "svgen/error.h"

namespace svgen::cli {
namespace {

constexpr guint kMillisecondsOfBar = 100;
constexpr GstClockTime kWaitForReason = 300 * GST_MSECOND;
constexpr int kChecksOfStall = 20;  // two seconds

struct Release {
  void operator()(GstBus* bus) const {
    gst_bus_remove_watch(bus);
    gst_object_unref(bus);
  }
  void operator()(GMainLoop* loop) const { g_main_loop_unref(loop); }
  void operator()(GError* error) const { g_error_free(error); }
};
template <typename T>
using Owned = std::unique_ptr<T, Release>;

struct Run {
  Pipeline::State& state;
  Progress& progress;
  Owned<GMainLoop> loop;
  std::optional<std::string> failure;
  bool vague = false;          // the failure only says that another element failed
  bool counts_itself = false;  // progress messages came
  std::string missing;         // what a file needs that is not installed
  int stalled = 0;             // checks one after the other in which a decoder slept
  int signal = 0;
};

void end(Run& run) {
  g_main_loop_quit(run.loop.get());
}

std::string last_line(const std::string& text) {
  const size_t end = text.find_last_not_of("\n ");
  if (end == std::string::npos) return "";
  const size_t begin = text.find_last_of('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1,
                     end - (begin == std::string::npos ? 0 : begin + 1) + 1);
}

// The file inside whose decoder a message began; null for none.
const Pipeline::State::Input* input_of(const Run& run, GstMessage* message) {
  for (const Pipeline::State::Input& input : run.state.inputs)
    if (gst_object_has_as_ancestor(GST_MESSAGE_SRC(message), GST_OBJECT(input.decoder)))
      return &input;
  return nullptr;
}

// The headline, and behind it what an element of ours says of expected, found and where, or what
// another one says of the reason.
std::string words_of(const Run& run, GstMessage* message, bool& vague) {
  GError* raw = nullptr;
  gchar* raw_debug = nullptr;
  gst_message_parse_error(message, &raw, &raw_debug);
  const Owned<GError> error(raw);
  const gst::TextPtr debug(raw_debug);
  const std::string more = gst::text_or_empty(debug.get());
  std::string text = error->message;
  if (const size_t detail = more.find(text + " ("); detail != std::string::npos)
    return more.substr(detail);
  const std::string reason = last_line(more);
  vague = reason.starts_with("streaming stopped, reason");
  const bool is_place = reason.find(".c(") != std::string::npos;  // in a source, and nothing more
  if (!reason.empty() && !is_place && reason != text) text += " (" + reason + ")";
  const Pipeline::State::Input* input = input_of(run, message);
  return input == nullptr ? text : input->file.string() + " cannot be decoded: " + text;
}

void take_error(Run& run, GstMessage* message) {
  bool vague = false;
  const std::string text = words_of(run, message, vague);
  // Others only follow from the first, unless it knew nothing.
  if (!run.failure || (run.vague && !vague)) {
    run.failure = text;
    run.vague = vague;
  }
}

void take_progress(Run& run, const GstStructure* message) {
  gint64 done = 0, together = 1, total = 0, step = 0, steps = 1;
  gst_structure_get(message, "images-done", G_TYPE_INT64, &done, "images-together", G_TYPE_INT64,
                    &together, "images-total", G_TYPE_INT64, &total, "step", G_TYPE_INT64, &step,
                    "steps", G_TYPE_INT64, &steps, nullptr);
  run.counts_itself = true;
  run.progress.show(
      static_cast<double>(done) + static_cast<double>(together * step) / static_cast<double>(steps),
      static_cast<double>(total), "images");
}

// Calls what the command does with a message; its error ends the run.
template <typename Call>
void hand_over(Run& run, const Call& call) {
  if (run.failure) return;
  try {
    call();
    return;
  } catch (const Error& error) {
    run.failure = error.report();
  } catch (const PipelineError& error) {
    run.failure = error.text;
  } catch (const std::filesystem::filesystem_error& error) {
    run.failure = error.what();
  } catch (const Interrupted&) {
    return;  // of a pipeline within; this one hears the signal, too
  }
  end(run);
}

void take_file(Run& run, const GstStructure* message) {
  if (!run.state.on_file) return;
  hand_over(run, [&] { run.state.on_file(gst_structure_get_string(message, "filename")); });
}

void take_preview(Run& run, const GstStructure* message) {
  if (!run.state.on_preview) return;
  GstSample* sample = nullptr;
  if (!gst_structure_get(message, "sample", GST_TYPE_SAMPLE, &sample, nullptr)) return;
  hand_over(run, [&] { run.state.on_preview(sample); });
  gst_sample_unref(sample);
}

void take_element_message(Run& run, GstMessage* message) {
  if (gst_message_has_name(message, "svg-progress")) {
    take_progress(run, gst_message_get_structure(message));
  } else if (gst_message_has_name(message, "svg-preview")) {
    take_preview(run, gst_message_get_structure(message));
  } else if (gst_message_has_name(message, "GstMultiFileSink")) {
    take_file(run, gst_message_get_structure(message));
  } else if (gst_is_missing_plugin_message(message)) {
    const gst::TextPtr name(gst_missing_plugin_message_get_description(message));
    if (const Pipeline::State::Input* input = input_of(run, message))
      run.missing = input->file.string() + " needs a " + gst::text_or_empty(name.get());
  }
}

// Takes the messages of the command's own elements.
void take_words(Run& run, GstMessage* message) {
  const std::string text = gst_structure_get_string(gst_message_get_structure(message), "text");
  if (gst_message_has_name(message, Pipeline::State::kNote)) {
    run.progress.note(text);
    return;
  }
  if (!run.failure) run.failure = text;
  end(run);
}

gboolean on_message(GstBus*, GstMessage* message, gpointer data) {
  Run& run = *static_cast<Run*>(data);
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR:
      take_error(run, message);
      end(run);
      break;
    case GST_MESSAGE_APPLICATION:
      take_words(run, message);
      break;
    case GST_MESSAGE_EOS:
      end(run);
      break;
    case GST_MESSAGE_ELEMENT:
      take_element_message(run, message);
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

struct Tasks {
  int running = 0, paused = 0;
};

void count_tasks(const GValue* item, gpointer data) {
  auto& tasks = *static_cast<Tasks*>(data);
  auto* element = static_cast<GstElement*>(g_value_get_object(item));
  GST_OBJECT_LOCK(element);
  for (const GList* pad = element->pads; pad != nullptr; pad = pad->next) {
    const GstTaskState state = gst_pad_get_task_state(GST_PAD(pad->data));
    tasks.running += state == GST_TASK_STARTED ? 1 : 0;
    tasks.paused += state == GST_TASK_PAUSED ? 1 : 0;
  }
  GST_OBJECT_UNLOCK(element);
}

// Whether a decoder found no stream and none of its tasks goes on: decodebin loses the error of a
// demuxer that comes to the end of its file while it is still being connected.
bool sleeps_for_good(const Pipeline::State::Input& input) {
  if (input.decoder->numsrcpads > 0) return false;
  Tasks tasks;
  GstIterator* elements = gst_bin_iterate_recurse(GST_BIN(input.decoder));
  const GstIteratorResult result = gst_iterator_foreach(elements, count_tasks, &tasks);
  gst_iterator_free(elements);
  return result == GST_ITERATOR_DONE && tasks.paused > 0 && tasks.running == 0;
}

void watch_decoders(Run& run) {
  const Pipeline::State::Input* sleeper = nullptr;
  for (const Pipeline::State::Input& input : run.state.inputs)
    if (sleeps_for_good(input)) sleeper = &input;
  run.stalled = sleeper == nullptr ? 0 : run.stalled + 1;
  if (run.stalled < kChecksOfStall || run.failure) return;
  run.failure = sleeper->file.string() + " cannot be decoded: it ends before its first stream";
  end(run);
}

// Shows the position in files, which know how long they are.
gboolean ask_position(gpointer data) {
  Run& run = *static_cast<Run*>(data);
  if (!was_taken()) end(run);  // nobody is there any more to see what comes
  watch_decoders(run);
  gint64 position = 0, duration = 0;
  if (!run.counts_itself && gst_element_query_position(run.state.bin, GST_FORMAT_TIME, &position) &&
      gst_element_query_duration(run.state.bin, GST_FORMAT_TIME, &duration) && duration > 0)
    run.progress.show(static_cast<double>(position) / GST_SECOND,
                      static_cast<double>(duration) / GST_SECOND, "seconds");
  return G_SOURCE_CONTINUE;
}

template <int kSignal>
gboolean on_signal(gpointer data) {
  Run& run = *static_cast<Run*>(data);
  const bool is_first = run.signal == 0;
  run.signal = kSignal;
  if (is_first && run.state.finishes_when_stopped)
    gst_element_send_event(run.state.bin, gst_event_new_eos());
  else
    end(run);
  return G_SOURCE_CONTINUE;
}

// A signal that was ignored when the program started, as under nohup, stays ignored.
void watch_signal(std::vector<guint>& sources, int signal, GSourceFunc call, Run& run) {
  struct sigaction old {};
  if (sigaction(signal, nullptr, &old) == 0 && old.sa_handler == SIG_IGN) return;
  sources.push_back(g_unix_signal_add(signal, call, &run));
}

// Looks for a better reason that the bus has, or will have in a moment.
void look_for_reason(Run& run, GstBus* bus) {
  while (run.vague || !run.failure) {
    const gst::MessagePtr message(
        gst_bus_timed_pop_filtered(bus, kWaitForReason, GST_MESSAGE_ERROR));
    if (!message) break;
    take_error(run, message.get());
  }
  if (!run.failure) run.failure = "the pipeline does not start";
}

void judge(Run& run) {
  Pipeline::State& state = run.state;
  if (run.failure && !run.missing.empty())
    run.failure = run.missing +
                  ", which is not installed: try gstreamer1.0-libav, gstreamer1.0-plugins-bad or "
                  "gstreamer1.0-plugins-ugly";
  if (run.failure || run.signal != 0 || !state.counts || state.counted > 0) return;
  run.failure = "no picture came through the pipeline";
  for (const Pipeline::State::Input& input : state.inputs)
    if (input.decoded == 0) {
      run.failure = why_nothing_was_decoded(input.decoder, input.file.string());
      return;
    }
}

}  // namespace

void Pipeline::run(Progress& progress) {
  gst_pb_utils_init();
  Run run{*state_, progress, Owned<GMainLoop>(g_main_loop_new(nullptr, FALSE)), {}};
  const Owned<GstBus> bus(gst_element_get_bus(state_->bin));
  gst_bus_add_watch(bus.get(), on_message, &run);
  std::vector<guint> sources = {g_timeout_add(kMillisecondsOfBar, ask_position, &run)};
  watch_signal(sources, SIGINT, on_signal<SIGINT>, run);
  watch_signal(sources, SIGTERM, on_signal<SIGTERM>, run);
  watch_signal(sources, SIGHUP, on_signal<SIGHUP>, run);
  const bool starts =
      gst_element_set_state(state_->bin, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
  if (starts) g_main_loop_run(run.loop.get());
  for (const guint source : sources) g_source_remove(source);
  if (!starts || run.vague) look_for_reason(run, bus.get());
  judge(run);
  gst_element_set_state(state_->bin, GST_STATE_NULL);
  progress.finish();
  if (run.signal != 0) throw Interrupted{run.signal, run.failure.value_or("")};
  if (run.failure) throw PipelineError{*run.failure};
  if (!was_taken())
    throw PipelineError{
        "the standard output takes nothing any more: its reader is gone, or the disk is full"};
}

}  // namespace svgen::cli
