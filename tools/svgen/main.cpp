// SPDX-License-Identifier: MIT
// svgen: pictures, reconstructions and features without writing pipelines.
#include <gst/gst.h>

#include <algorithm>
#include <cstdio>

#include "command.h"
#include "pipeline.h"
#include "suggest.h"
#include "svgen/error.h"

namespace svgen::cli {

std::vector<Option> with_model_options(std::vector<Option> own) {
  for (const Option& option :
       {Option{"model", "NAME", "a card, a folder or a registered name (mini)"},
        Option{"device", "NAME", "auto, cpu, cuda or cuda:N"},
        Option{"dtype", "NAME", "auto, float32, bfloat16 or float16"},
        Option{"force", "", "overwrite files"}, Option{"json", "", "lines of JSON for programs"}})
    own.push_back(option);
  return own;
}

std::vector<std::string> model_words(const Options& options) {
  std::vector<std::string> words;
  for (const char* name : {"model", "device", "dtype"})
    if (options.has(name)) words.push_back(name + ("=" + options.text(name)));
  return words;
}

namespace {

constexpr int kFailed = 1, kMisused = 2;

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {generate_command(), reconstruct_command(),
                                           extract_command(), info_command(), doctor_command()};
  return all;
}

std::string usage() {
  std::string text = "usage: svgen COMMAND ...\n\n";
  for (const Command& command : commands()) {
    std::string line = "  " + command.name + " " + command.words;
    line.resize(std::max<size_t>(28, line.size() + 2), ' ');
    text += line + command.blurb + "\n";
  }
  return text + "\n`svgen COMMAND --help` shows a command's options.\n";
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

int run(const std::vector<std::string>& words) {
  const auto asks_help = [](const std::string& word) { return word == "--help" || word == "-h"; };
  if (words.empty() || asks_help(words[0]) || words[0] == "help") {
    std::fputs(usage().c_str(), words.empty() ? stderr : stdout);
    return words.empty() ? kMisused : 0;
  }
  const Command& command = command_named(words[0]);
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  if (std::any_of(rest.begin(), rest.end(), asks_help)) {
    std::fputs(usage_of(command).c_str(), stdout);
    return 0;
  }
  return command.run(Options(command.options, rest));
}

}  // namespace
}  // namespace svgen::cli

// Where the elements were installed beside this program, GStreamer need not look for plugins.
static void find_elements() {
  if (GstElementFactory* factory = gst_element_factory_find("svgdiffuse")) {
    gst_object_unref(factory);
  } else {
    gst_registry_scan_path(gst_registry_get(), SVGEN_PLUGIN_FOLDER);
  }
}

int main(int argc, char** argv) {
  gst_init(nullptr, nullptr);
  find_elements();
  try {
    return svgen::cli::run({argv + 1, argv + argc});
  } catch (const svgen::Error& error) {
    std::fprintf(stderr, "svgen: %s\n", error.report().c_str());
    const bool misused = error.kind() == svgen::ErrorKind::kConfiguration;
    return misused ? svgen::cli::kMisused : svgen::cli::kFailed;
  } catch (const svgen::cli::PipelineError& error) {
    std::fprintf(stderr, "svgen: %s\n", error.text.c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "svgen: %s\n", error.what());
  }
  return svgen::cli::kFailed;
}
