// SPDX-License-Identifier: MIT
// Finds the part of a file that a name belongs to.
#include "weights/file_layout.h"

namespace svgen::weights {

const FileLayout::Part* FileLayout::find(const std::string& name) const {
  const Part* fallback = nullptr;
  for (const Part& part : parts) {
    const std::string prefix = part.prefix;
    if (!name.starts_with(prefix)) continue;
    if (match_key(*part.family, name.substr(prefix.size()))) return &part;
    if (fallback == nullptr && !prefix.empty()) fallback = &part;
  }
  return fallback;
}

const FileLayout::Part* FileLayout::find(const Spelling& spelling) const {
  for (const Part& part : parts)
    for (const KeyFamily& family : spelling.families)
      if (part.family == &family) return &part;
  return nullptr;
}

}  // namespace svgen::weights
