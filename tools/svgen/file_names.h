// SPDX-License-Identifier: MIT
// The names of output files: what an ending stands for, and numbers in names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "pipeline.h"

namespace svgen::cli {

/// Describes the files that an ending stands for.
struct Kind {
  std::string ending;
  bool holds_many;           // pictures
  std::vector<Step> steps;   // up to the sink
  bool holds_sound = false;  // the last step is a muxer that takes tracks of it
};

/// .png, .jpg and .jpeg, .webm and .mkv, in any case.
const std::vector<Kind>& picture_kinds();

/// The kind of a name by its ending. ConfigurationError for another one.
const Kind& kind_of(const std::filesystem::path& name, const std::vector<Kind>& kinds);

/// What a name stands for: in a folder (or for a name that ends with "/") numbered PNG files.
std::filesystem::path pattern_of(const std::string& name);

/// Whether a name has one number such as %03d and no other percent sign.
bool has_one_number(const std::string& name);

/// The name of picture `index`: what multifilesink makes of the pattern.
std::string numbered(const std::string& pattern, int64_t index);

/// Whether `name` is the pattern's name of some picture.
bool is_numbered(const std::string& pattern, const std::string& name);

/// Escapes a text so that printf() gives it back unchanged.
std::string escaped(const std::string& text);

/// ConfigurationError for a file that is there already.
[[noreturn]] void refuse_present(const std::filesystem::path& file);

/// Renames a file that is complete, over another one with `force` alone.
void move_into_place(const std::filesystem::path& from, const std::filesystem::path& to,
                     bool force);

/// Makes a folder and those around it; returns the ones that were not there, outermost first.
/// IoError where that is not possible.
std::vector<std::filesystem::path> make_folders(const std::filesystem::path& folder);

}  // namespace svgen::cli
