// SPDX-License-Identifier: MIT
// The checkpoint families known here, one table each, and the files they are found in.
#pragma once

#include "weights/key_map.h"
#include "weights/state_source.h"

namespace svgen::weights {

/// The spellings a role's weights are published in; the first is the one models use.
std::span<const KeyFamily* const> role_families(Role role);

/// The prefix a role's tensors have in the autoencoder checkpoint; empty for the other roles.
std::string role_prefix(Role role);

/// A kind of file: which names belong to which family.
struct FileLayout {
  struct Part {
    const char* title;   // of the part within the file
    const char* prefix;  // dropped before the family's table is asked
    const KeyFamily* family;
  };
  const char* title;
  std::span<const Part> parts;
};

std::span<const FileLayout> file_layouts();

/// The part of a layout a name belongs to: the first whose prefix and table fit, else the first
/// whose prefix fits, else null.
const FileLayout::Part* find_part(const FileLayout& layout, const std::string& name);

}  // namespace svgen::weights
