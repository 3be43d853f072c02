// SPDX-License-Identifier: MIT
// The files that several processes write in place of one: each its own part, whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/data_order.h"

namespace svgen {

/// "FILE.part-00002-of-00008" for process 2 of 8; FILE itself for one process alone.
std::filesystem::path part_of(const std::filesystem::path& file, const Shard& shard);

struct Parts {
  int64_t world = 0;                         // 0: there are none
  std::vector<std::filesystem::path> files;  // that are there, in order of their processes
  std::vector<int64_t> missing;              // processes whose part is not there

  bool complete() const { return world > 0 && missing.empty(); }
};

/// The parts of a file. IoError where they are of launches of different sizes, or their folder
/// cannot be read.
Parts parts_of(const std::filesystem::path& file);

/// "parts 2 and 5 of 8", "no part": what is missing, for messages.
std::string missing_text(const Parts& parts);

}  // namespace svgen
