// SPDX-License-Identifier: MIT
// What the files of a folder depend on, noted beside them, so that a run which goes on where
// another ended never mixes two jobs.
#pragma once

#include <filesystem>
#include <string>

namespace svgen::cli {

/// Whether the folder's files are of this job; false where nothing is noted. ConfigurationError
/// where they are of another one: `remedy` says what to do then.
bool has_job(const std::filesystem::path& folder, const std::string& job,
             const std::string& remedy);

/// Notes the job. Processes that share it write the same.
void note_job(const std::filesystem::path& folder, const std::string& job);

}  // namespace svgen::cli
