// SPDX-License-Identifier: MIT
// Decides where pictures, videos and features go: what a name means, and files that appear when all
// is done.
#pragma once

#include <cstdint>
#include <filesystem>
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
  /// known, where `pictures` do not fit, where `input` is among the files, and where a file is
  /// there already, unless --force was given.
  Output(const std::string& name, const std::vector<Kind>& kinds, std::optional<int64_t> pictures,
         const Options& options, const std::filesystem::path& input = {});
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// Adds what writes the files, and counts the pictures. Makes the folders.
  void end(Pipeline& pipeline);
  /// Puts the files where they belong, and names them in order.
  std::vector<std::string> commit();

 private:
  const Kind& kind() const { return *kind_; }
  void check_free(const std::filesystem::path& input) const;
  void make_place();

  const Kind* kind_ = nullptr;
  bool force_;
  bool numbered_ = false;
  std::filesystem::path folder_;  // of the files
  std::string name_;              // within it, with a number or without
  std::optional<int64_t> pictures_;
  std::vector<std::filesystem::path> made_;  // folders, outermost first
  std::filesystem::path staging_;
};

/// Runs the pipeline into the output with its progress, then says what was written. The exit
/// status.
int run_into(Output& output, Pipeline& pipeline, const Options& options);

/// Runs a pipeline whose own elements write `file`, then says so. The exit status.
int run_and_name(Pipeline& pipeline, const std::string& file, const Options& options);

}  // namespace svgen::cli
