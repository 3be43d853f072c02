// SPDX-License-Identifier: MIT
// A pipeline of elements, run to its end.
#include "pipeline.h"

#include <glib-unix.h>

#include <csignal>
#include <optional>

namespace svgen::cli {
namespace {

constexpr guint kMillisecondsOfBar = 100;

struct Unref {
  void operator()(GstElement* element) const {
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(element);
  }
  void operator()(GstBus* bus) const {
    gst_bus_remove_watch(bus);
    gst_object_unref(bus);
  }
  void operator()(GMainLoop* loop) const { g_main_loop_unref(loop); }
  void operator()(GError* error) const { g_error_free(error); }
  void operator()(gchar* text) const { g_free(text); }
};
template <typename T>
using Owned = std::unique_ptr<T, Unref>;

struct Run {
  Progress& progress;
  Owned<GstElement> pipeline;
  Owned<GMainLoop> loop;
  std::optional<std::string> failure;
  bool interrupted = false;
};

Owned<GstElement> parsed(const std::vector<std::string>& words) {
  std::vector<const gchar*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  arguments.push_back(nullptr);
  GError* raw = nullptr;
  Owned<GstElement> pipeline(gst_parse_launchv(arguments.data(), &raw));
  const Owned<GError> error(raw);
  if (error) throw PipelineError{error->message};
  return pipeline;
}

// The headline, and behind it what an element of ours says of expected, found and where.
std::string words_of(GstMessage* message) {
  GError* raw = nullptr;
  gchar* raw_debug = nullptr;
  gst_message_parse_error(message, &raw, &raw_debug);
  const Owned<GError> error(raw);
  const Owned<gchar> debug(raw_debug);
  const std::string text = error->message, more = debug ? debug.get() : "";
  const size_t detail = more.find(text + " (");
  return detail == std::string::npos ? text : more.substr(detail);
}

void take_progress(Run& run, const GstStructure* message) {
  gint64 done = 0, together = 1, total = 0, step = 0, steps = 1;
  gst_structure_get(message, "images-done", G_TYPE_INT64, &done, "images-together", G_TYPE_INT64,
                    &together, "images-total", G_TYPE_INT64, &total, "step", G_TYPE_INT64, &step,
                    "steps", G_TYPE_INT64, &steps, nullptr);
  run.progress.show(
      static_cast<double>(done) + static_cast<double>(together * step) / static_cast<double>(steps),
      static_cast<double>(total), "images");
}

gboolean on_message(GstBus*, GstMessage* message, gpointer data) {
  Run& run = *static_cast<Run*>(data);
  const GstStructure* structure = gst_message_get_structure(message);
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR:
      // Others only follow from the first.
      if (!run.failure) run.failure = words_of(message);
      g_main_loop_quit(run.loop.get());
      break;
    case GST_MESSAGE_EOS:
      g_main_loop_quit(run.loop.get());
      break;
    case GST_MESSAGE_ELEMENT:
      if (gst_structure_has_name(structure, "svg-progress")) take_progress(run, structure);
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

// Of files, which know how long they are.
gboolean ask_position(gpointer data) {
  Run& run = *static_cast<Run*>(data);
  gint64 position = 0, duration = 0;
  if (gst_element_query_position(run.pipeline.get(), GST_FORMAT_TIME, &position) &&
      gst_element_query_duration(run.pipeline.get(), GST_FORMAT_TIME, &duration) && duration > 0)
    run.progress.show(static_cast<double>(position) / GST_SECOND,
                      static_cast<double>(duration) / GST_SECOND, "seconds");
  return G_SOURCE_CONTINUE;
}

gboolean on_interrupt(gpointer data) {
  Run& run = *static_cast<Run*>(data);
  run.interrupted = true;
  g_main_loop_quit(run.loop.get());
  return G_SOURCE_CONTINUE;
}

}  // namespace

void run_pipeline(const std::vector<std::string>& words, Progress& progress) {
  Run run{progress, parsed(words), Owned<GMainLoop>(g_main_loop_new(nullptr, FALSE)), {}, false};
  const Owned<GstBus> bus(gst_element_get_bus(run.pipeline.get()));
  gst_bus_add_watch(bus.get(), on_message, &run);
  std::vector<guint> sources = {g_unix_signal_add(SIGINT, on_interrupt, &run),
                                g_unix_signal_add(SIGTERM, on_interrupt, &run)};
  // A generator counts its images itself.
  if (words.front() != "svgdiffuse")
    sources.push_back(g_timeout_add(kMillisecondsOfBar, ask_position, &run));
  gst_element_set_state(run.pipeline.get(), GST_STATE_PLAYING);
  g_main_loop_run(run.loop.get());
  for (const guint source : sources) g_source_remove(source);
  run.pipeline.reset();
  progress.finish();
  if (run.interrupted) throw Interrupted{};
  if (run.failure) throw PipelineError{*run.failure};
}

}  // namespace svgen::cli
