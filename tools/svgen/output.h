// SPDX-License-Identifier: MIT
// Decides where pictures, videos and features go: what a name means, and files that appear when all
// is done.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "file_names.h"
#include "options.h"
#include "pipeline.h"

namespace svgen::cli {

/// Files are written into a hidden folder beside their place and renamed at the end. What was there
/// is not touched before, and without commit() nothing is left of what was made, folders included.
class Output {
 public:
  /// Chooses the kind by the ending of `name`. A folder (or a name ending with "/") gets numbered
  /// PNG files, as does a name with one number such as %03d where there is more than one picture or
  /// nobody knows how many (`pictures` is empty). ConfigurationError where the name's kind is not
  /// known, where `pictures` do not fit, where one of `inputs` is among the files, and where a file
  /// is there already, unless --force was given.
  Output(const std::string& name, const std::vector<Kind>& kinds, std::optional<int64_t> pictures,
         const Options& options, const std::vector<std::filesystem::path>& inputs = {});
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// Adds what writes the files, and counts the pictures; videos get the sound of the pipeline's
  /// file unless --no-sound was given. Makes the folders.
  void end(Pipeline& pipeline);
  /// Where a writer of its own puts the file, in place of end(). Makes the folders.
  std::filesystem::path place();
  /// Puts the files where they belong, and names them in order.
  std::vector<std::string> commit();

 private:
  const Kind& kind() const { return *kind_; }
  void check_free(const std::vector<std::filesystem::path>& inputs) const;
  void make_place();

  const Kind* kind_ = nullptr;
  bool force_, silent_;
  bool numbered_ = false;
  std::filesystem::path folder_;  // of the files
  std::string name_;              // within it, with a number or without
  std::optional<int64_t> pictures_;
  std::vector<std::filesystem::path> made_;  // folders, outermost first
  std::filesystem::path staging_;
};

/// Calls `make`, which shows its progress and returns the names of what it wrote, and says so.
/// `stopped` are the words when a signal ends it. The exit status.
int run_and_say(const std::function<std::vector<std::string>(Progress&)>& make, bool json,
                const char* stopped);

/// Runs the pipeline into the output with its progress, then says what was written. The exit
/// status.
int run_into(Output& output, Pipeline& pipeline, const Options& options);

/// Runs a pipeline whose own elements write `file`, then says so. The exit status.
int run_and_name(Pipeline& pipeline, const std::string& file, const Options& options);

}  // namespace svgen::cli
