// SPDX-License-Identifier: MIT
// Where pictures and videos go: what a file's name means.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "options.h"

namespace svgen::cli {

/// What ends a launch line, and the files that it writes.
struct Target {
  std::vector<std::string> words;
  std::vector<std::filesystem::path> files;
};

/// By the ending of `name`: .png and .jpg, .webm and .mkv. A folder (or a name ending with "/")
/// gets numbered PNG files, as does a name with one number such as %03d. ConfigurationError where
/// the name's kind is not known, where `pictures` do not fit, and where a file is there already,
/// unless
/// --force was given. Makes the folder.
Target target_of(const std::string& name, long pictures, const Options& options);

/// ConfigurationError where the file is there already, unless --force was given.
void check_free(const std::filesystem::path& file, const Options& options);

/// Runs the line with its progress, then says what was written; removes the files when it fails.
/// The exit status.
int run_into(const Target& target, const std::vector<std::string>& words, const Options& options);

}  // namespace svgen::cli
