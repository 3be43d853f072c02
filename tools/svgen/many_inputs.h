// SPDX-License-Identifier: MIT
// Several inputs in one call: each has its result, and one that fails takes nothing from the
// others.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "options.h"
#include "svgen/engine.h"

namespace svgen::cli {

struct Job {
  std::filesystem::path input;
  std::string output;
};

/// The words of a command: an input and an output, or several inputs and a folder, in which each
/// result has the name of its input, with the ending of a kind that is written: pictures .png,
/// videos .mkv where their own is not. ConfigurationError for `usage` and two results of one name.
std::vector<Job> jobs_of(const Options& options, const char* usage);

/// All words but the last.
std::vector<std::filesystem::path> inputs_of(const Options& options);

/// The engine of a command's options. Held, the weights are loaded once for all inputs.
std::shared_ptr<Engine> engine_of(const Options& options);

/// What went wrong with some of several inputs.
class Failures {
 public:
  /// Calls `work`, and keeps what it throws about this input. Whether it threw nothing. What an
  /// option has wrong is thrown on: it is wrong for all inputs.
  bool tries(const std::filesystem::path& input, const std::function<void()>& work);
  /// Lists them, and says how many of the inputs have their results. The exit status.
  int say(size_t inputs, size_t done, bool json) const;
  size_t count() const { return failures_.size(); }

 private:
  struct Failure {
    std::filesystem::path input;
    std::string text;
  };
  std::vector<Failure> failures_;
};

/// Runs each job, whose exit status `run` returns; a signal ends them all. The exit status.
int run_all(const std::vector<Job>& jobs, const Options& options,
            const std::function<int(const Job& job)>& run);

}  // namespace svgen::cli
