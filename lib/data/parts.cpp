// SPDX-License-Identifier: MIT
// Names of parts, written and found.
#include "data/parts.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <regex>
#include <string>

#include "svgen/error.h"

namespace svgen {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostNamed = 8;

const std::regex kPart(R"(\.part-(\d{5,})-of-(\d{5,}))");

}  // namespace

fs::path part_of(const fs::path& file, const Shard& shard) {
  if (shard.world <= 1) return file;
  char text[64];
  std::snprintf(text, sizeof text, ".part-%05lld-of-%05lld", static_cast<long long>(shard.rank),
                static_cast<long long>(shard.world));
  return file.string() + text;
}

Parts parts_of(const fs::path& file) {
  const std::string name = file.filename().string();
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  std::map<int64_t, fs::path> found;
  Parts parts;
  std::error_code problem;
  for (fs::directory_iterator entry(folder, problem), none; !problem && entry != none;
       entry.increment(problem)) {
    const std::string other = entry->path().filename().string();
    std::smatch numbers;
    if (!other.starts_with(name)) continue;
    const std::string suffix = other.substr(name.size());
    if (!std::regex_match(suffix, numbers, kPart)) continue;
    const int64_t rank = std::stoll(numbers[1]), world = std::stoll(numbers[2]);
    if (parts.world != 0 && world != parts.world)
      throw IoError("the parts of a file are of launches of different sizes: remove the old ones",
                    {.expected = "parts of " + std::to_string(parts.world),
                     .found = other,
                     .where = folder.string()});
    parts.world = world;
    if (rank < world) found.emplace(rank, entry->path());
  }
  if (problem)
    throw IoError("the folder of the parts cannot be read",
                  {.expected = "a folder", .found = problem.message(), .where = folder.string()});
  for (int64_t rank = 0; rank < parts.world; ++rank) {
    const auto part = found.find(rank);
    if (part == found.end())
      parts.missing.push_back(rank);
    else
      parts.files.push_back(part->second);
  }
  return parts;
}

std::string missing_text(const Parts& parts) {
  if (parts.world == 0) return "no part";
  if (parts.missing.empty()) return "nothing is missing";
  std::string text = parts.missing.size() == 1 ? "part " : "parts ";
  for (size_t i = 0; i < std::min(parts.missing.size(), kMostNamed); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(parts.missing[i]);
  if (parts.missing.size() > kMostNamed)
    text += " and " + std::to_string(parts.missing.size() - kMostNamed) + " more";
  return text + " of " + std::to_string(parts.world);
}

}  // namespace svgen
