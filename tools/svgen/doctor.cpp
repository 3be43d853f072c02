// SPDX-License-Identifier: MIT
// svgen doctor: whether everything that the commands need is there and works.
#include <gst/gst.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>

#include "command.h"
#include "pipeline.h"
#include "svgen/engine.h"
#include "svgen/error.h"
#include "svgen/registry.h"

namespace svgen::cli {
namespace {

// Elements, and what to install where one is missing.
struct Need {
  const char* element;
  const char* package;
};
constexpr Need kNeeds[] = {
    {"svgdiffuse", "svgen's plugins, or GST_PLUGIN_PATH that leads to them"},
    {"svgencode", "svgen's plugins"},
    {"svgalign", "svgen's plugins"},
    {"svgdecode", "svgen's plugins"},
    {"videoconvert", "gstreamer1.0-plugins-base"},
    {"videoscale", "gstreamer1.0-plugins-base"},
    {"decodebin", "gstreamer1.0-plugins-base"},
    {"pngenc", "gstreamer1.0-plugins-good"},
    {"jpegenc", "gstreamer1.0-plugins-good"},
    {"vp8enc", "gstreamer1.0-plugins-good"},
    {"webmmux", "gstreamer1.0-plugins-good"},
    {"multifilesink", "gstreamer1.0-plugins-good"},
    {"gdppay", "gstreamer1.0-plugins-bad"},
};

class Report {
 public:
  explicit Report(bool json) : json_(json) {}

  /// `check` returns what it found, or throws what is wrong.
  void row(const std::string& name, const std::function<std::string()>& check) {
    bool fine = true;
    std::string text;
    try {
      text = check();
    } catch (const Error& error) {
      fine = false;
      text = error.report();
    } catch (const PipelineError& error) {
      fine = false;
      text = error.text;
    }
    problems_ += fine ? 0 : 1;
    if (json_) {
      const nlohmann::json line = {{"check", name}, {"fine", fine}, {"text", text}};
      std::printf("%s\n", line.dump().c_str());
    } else {
      std::printf("%-8s %-10s %s\n", fine ? "fine" : "PROBLEM", name.c_str(), text.c_str());
    }
    std::fflush(stdout);
  }

  int problems() const { return problems_; }

 private:
  bool json_;
  int problems_ = 0;
};

std::string elements() {
  size_t found = 0;
  std::string missing;
  for (const Need& need : kNeeds) {
    GstElementFactory* factory = gst_element_factory_find(need.element);
    if (factory == nullptr) {
      missing +=
          (missing.empty() ? "" : ", ") + std::string(need.element) + " (" + need.package + ")";
      continue;
    }
    gst_object_unref(factory);
    ++found;
  }
  if (!missing.empty()) throw ConfigurationError("elements are missing: " + missing);
  return std::to_string(found) + " elements";
}

std::string gstreamer() {
  gchar* version = gst_version_string();
  const std::string text = version;
  g_free(version);
  return text;
}

std::string backend(const Options& options) {
  const std::shared_ptr<Engine> engine = Engine::open({.model = options.text("model"),
                                                       .device = options.text("device", "auto"),
                                                       .dtype = options.text("dtype", "auto")});
  return engine->card().name + " on " + engine->device().name() + " in " +
         dtype_name(engine->dtype());
}

std::string picture(const Options& options) {
  std::vector<std::string> words = {"svgdiffuse", "num-images=1", "steps=1"};
  for (const std::string& word : model_words(options)) words.push_back(word);
  for (const char* word : {"!", "svgdecode", "!", "fakesink"}) words.emplace_back(word);
  Progress progress(Progress::Form::kNone);
  run_pipeline(words, progress);
  char text[64];
  std::snprintf(text, sizeof text, "one step and a picture in %.1f s", progress.seconds());
  return text;
}

int doctor(const Options& options) {
  Report report(options.has("json"));
  report.row("GStreamer", gstreamer);
  report.row("elements", elements);
  report.row("models", [] {
    std::string names;
    for (const std::string& name : registered_models()) names += (names.empty() ? "" : ", ") + name;
    return names;
  });
  report.row("backend", [&] { return backend(options); });
  report.row("picture", [&] { return picture(options); });
  return report.problems() == 0 ? 0 : 1;
}

}  // namespace

Command doctor_command() {
  return {"doctor", "", "whether everything that the commands need is there and works",
          with_model_options({}), doctor};
}

}  // namespace svgen::cli
