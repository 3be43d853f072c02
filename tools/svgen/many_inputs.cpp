// SPDX-License-Identifier: MIT
// Several inputs in one call.
#include "many_inputs.h"

#include <map>

#include "console.h"
#include "file_names.h"
#include "picture_input.h"
#include "pipeline.h"
#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kFailed = 1;

// The name of a result: the input's, with an ending that is written.
fs::path result_name(const fs::path& input) {
  const std::string ending = ascii_lower(input.extension().string());
  const bool still = is_still(input);
  for (const Kind& kind : picture_kinds())
    if (kind.ending == ending && kind.holds_many != still) return input.filename();
  return input.filename().replace_extension(still ? ".png" : ".mkv");
}

}  // namespace

std::vector<Job> jobs_of(const Options& options, const char* usage) {
  const std::vector<std::string>& words = options.words();
  if (words.size() < 2) throw ConfigurationError(usage);
  if (words.size() == 2) return {{words[0], words[1]}};
  const fs::path folder = words.back();
  if (fs::exists(folder) ? !fs::is_directory(folder) : folder.has_extension())
    throw ConfigurationError(
        "the results of several inputs go into a folder: name one behind them, and end its name "
        "with / where it is new",
        {.expected = "a folder", .found = folder.string(), .where = "the output"});
  std::vector<Job> jobs;
  std::map<fs::path, fs::path> made_of;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const fs::path name = result_name(words[i]);
    if (const auto [same, is_new] = made_of.emplace(name, words[i]); !is_new)
      throw ConfigurationError("two inputs would become one file: convert them into two folders",
                               {.expected = "inputs of different names",
                                .found = same->second.string() + " and " + words[i],
                                .where = (folder / name).string()});
    jobs.push_back({words[i], (folder / name).string()});
  }
  return jobs;
}

std::vector<fs::path> inputs_of(const Options& options) {
  return {options.words().begin(), options.words().end() - 1};
}

std::shared_ptr<Engine> engine_of(const Options& options) {
  return Engine::open({.model = options.text("model"),
                       .device = options.text("device", "auto"),
                       .dtype = options.text("dtype", "auto")});
}

bool Failures::tries(const fs::path& input, const std::function<void()>& work) {
  try {
    work();
    return true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kConfiguration && error.where().starts_with("--")) throw;
    failures_.push_back({input, error.report()});
  } catch (const PipelineError& error) {
    failures_.push_back({input, error.text});
  } catch (const std::exception& error) {  // of the file system
    failures_.push_back({input, error.what()});
  }
  return false;
}

int Failures::say(size_t inputs, size_t done, bool json) const {
  if (done == inputs) return 0;
  for (const Failure& failure : failures_)
    print_error(failure.input.string() + ": " + failure.text, json);
  print_error(std::to_string(failures_.size()) + " of " + std::to_string(inputs) +
                  " inputs failed; finished: " + std::to_string(done),
              json);
  return kFailed;
}

int run_all(const std::vector<Job>& jobs, const Options& options,
            const std::function<int(const Job&)>& run) {
  if (jobs.size() == 1) return run(jobs.front());
  const auto engine = engine_of(options);
  Failures failures;
  size_t done = 0;
  int status = 0;
  for (size_t i = 0; i < jobs.size() && status == 0; ++i)
    if (failures.tries(jobs[i].input, [&] { status = run(jobs[i]); }) && status == 0) ++done;
  const int failed = failures.say(jobs.size(), done, options.has("json"));
  return status != 0 ? status : failed;  // stopped by a signal, or nobody takes the output
}

}  // namespace svgen::cli
