// SPDX-License-Identifier: MIT
// svgen doctor: whether everything that the commands need is there and works.
#include <gst/gst.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>

#include "command.h"
#include "console.h"
#include "pipeline.h"
#include "svgen/card.h"
#include "svgen/engine.h"
#include "svgen/error.h"
#include "svgen/registry.h"

namespace svgen::cli {
namespace {

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
      print(nlohmann::json{{"check", name}, {"fine", fine}, {"text", text}});
    } else {
      char head[32];
      std::snprintf(head, sizeof head, "%-8s %-10s ", fine ? "fine" : "PROBLEM", name.c_str());
      print(head + text);
    }
  }

  int problems() const { return problems_; }

 private:
  bool json_;
  int problems_ = 0;
};

std::string elements() {
  const std::vector<std::string> needed = needed_elements();
  std::string missing;
  for (const std::string& element : needed) {
    if (GstElementFactory* factory = gst_element_factory_find(element.c_str())) {
      gst_object_unref(factory);
      continue;
    }
    missing += (missing.empty() ? "" : ", ") + element + " (" + package_of(element) + ")";
  }
  if (!missing.empty()) throw ConfigurationError("elements are missing: " + missing);
  return std::to_string(needed.size()) + " elements";
}

// Every card that can be named is read.
std::string models() {
  std::string names, broken;
  for (const RegisteredModel& model : read_registered_models()) {
    std::string& list = model.card ? names : broken;
    list += (list.empty() ? "" : ", ") + model.name + (model.card ? "" : ": " + model.problem);
  }
  if (!broken.empty()) throw ConfigurationError("a model's card is broken: " + broken);
  return names;
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
  Pipeline pipeline;
  pipeline.add(
      with_options({"svgdiffuse", {{"num-images", "1", ""}, {"steps", "1", ""}}}, options));
  pipeline.add({{"svgdecode"}, {"fakesink"}});
  Progress progress(Progress::Form::kNone);
  pipeline.run(progress);
  char text[64];
  std::snprintf(text, sizeof text, "one step and a picture in %.1f s", progress.seconds());
  return text;
}

int doctor(const Options& options) {
  Report report(options.has("json"));
  report.row("GStreamer", gstreamer);
  report.row("elements", elements);
  report.row("models", models);
  report.row(
      "backend", [&] { return backend(options); });
  report.row("picture", [&] { return picture(options); });
  return report.problems() == 0 && was_taken() ? 0 : 1;
}

}  // namespace

Command doctor_command() {
  return {"doctor", "", "whether everything that the commands need is there and works",
          with_model_options({}), doctor};
}

}  // namespace svgen::cli
