// SPDX-License-Identifier: MIT
// svgen: pictures, reconstructions and features without writing pipelines.
#include <gst/gst.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "command.h"
#include "console.h"
#include "pipeline.h"
#include "svgen/error.h"
#include "svgen/suggest.h"

namespace svgen::cli {

std::vector<Option> with_model_options(std::vector<Option> own) {
  for (const Option& option :
       {Option{"model", "NAME", "a card, a folder or a registered name (mini)", "model"},
        Option{"device", "NAME", "auto, cpu, cuda or cuda:N", "device"},
        Option{"dtype", "NAME", "auto, float32, bfloat16 or float16", "dtype"},
        Option{"force", "", "overwrite files"}, Option{"json", "", "lines of JSON for programs"}})
    own.push_back(option);
  return own;
}

Step with_options(Step step, const Options& options) {
  for (const Option& option : options.table())
    if (!option.property.empty() && options.has(option.name) &&
        (option.element.empty() || option.element == step.factory))
      step.settings.push_back({option.property, options.text(option.name), "--" + option.name});
  return step;
}

namespace {

constexpr int kFailed = 1, kMisused = 2;

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      generate_command(), reconstruct_command(), edit_command(),   extract_command(),
      evaluate_command(), merge_command(),       models_command(), info_command(),
      fetch_command(),    doctor_command()};
  return all;
}

std::string usage() {
  std::string text = "usage: svgen COMMAND ...\n\n";
  for (const Command& command : commands()) {
    std::string line = "  " + command.name + " " + command.words;
    line.resize(std::max<size_t>(28, line.size() + 2), ' ');
    text += line + command.blurb + "\n";
  }
  return text +
         "\n`svgen COMMAND --help` shows a command's options, `svgen --version` the version.\n";
}

std::string usage_of(const Command& command) {
  return "usage: svgen " + command.name + " [OPTION...] " + command.words + "\n" + command.blurb +
         "\n\n" + described(command.options);
}

const Command& command_named(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    if (command.name == name) return command;
    names.push_back(command.name);
  }
  const std::string meant = suggestion(name, names);
  throw ConfigurationError("there is no command " + name + (meant.empty() ? "" : ": " + meant));
}

int say(std::string text) {
  text.pop_back();  // print() ends the line
  return print(text) ? 0 : kFailed;
}

int run(const std::vector<std::string>& words) {
  const auto asks_help = [](const std::string& word) { return word == "--help" || word == "-h"; };
  if (words.empty() || asks_help(words[0]) || words[0] == "help") {
    if (words.empty()) {
      std::fputs(usage().c_str(), stderr);
      return kMisused;
    }
    return say(usage());
  }
  if (words[0] == "--version" || words[0] == "version") {
    gchar* gstreamer = gst_version_string();
    const std::string text = std::string("svgen ") + SVGEN_VERSION + ", " + gstreamer + "\n";
    g_free(gstreamer);
    return say(text);
  }
  const Command& command = command_named(words[0]);
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  if (std::any_of(rest.begin(), rest.end(), asks_help)) return say(usage_of(command));
  return command.run(Options(command.options, rest));
}

}  // namespace
}  // namespace svgen::cli

// GStreamer need not look for plugins where the elements were installed beside this program.
static void find_elements() {
  if (GstElementFactory* factory = gst_element_factory_find("svgdiffuse"))
    gst_object_unref(factory);
  else
    gst_registry_scan_path(gst_registry_get(), SVGEN_PLUGIN_FOLDER);
}

int main(int argc, char** argv) {
  using namespace svgen::cli;
  std::signal(SIGPIPE, SIG_IGN);  // a reader that is gone is an error, and files are put in order
  gst_init(nullptr, nullptr);
  find_elements();
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool json = std::find(words.begin(), words.end(), "--json") != words.end();
  try {
    return run(words);
  } catch (const svgen::Error& error) {
    print_error(error.report(), json);
    return error.kind() == svgen::ErrorKind::kConfiguration ? kMisused : kFailed;
  } catch (const PipelineError& error) {
    print_error(error.text, json);
  } catch (const std::exception& error) {
    print_error(error.what(), json);
  }
  return kFailed;
}
