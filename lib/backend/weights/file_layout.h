// SPDX-License-Identifier: MIT
// Describes how published files spell the tensors of networks, alone or several networks in one
// file. The tables themselves stand in the networks' folders.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "weights/key_map.h"

namespace svgen::weights {

/// The spellings of one network; the first is the one that its module uses.
struct Spelling {
  const char* network;  // "residual ViT"
  std::span<const KeyFamily> families;
  /// Biases whose names end so are multiplied with a mask that leaves out the key's third. A file
  /// without the masks (name + "_mask") gets them as (1, 0, 1). Empty: the network has none.
  std::string_view masked_bias = {};
  /// What names begin with where a published file holds more than the network: the first that
  /// occurs selects its tensors.
  std::span<const std::string_view> prefixes = {};
};

/// A kind of file: which names belong to which network.
struct FileLayout {
  struct Part {
    const char* title;   // of the network within the file
    const char* prefix;  // dropped before the family's table is asked
    const KeyFamily* family;
  };
  const char* title;
  std::vector<Part> parts;

  /// The part a name belongs to: the first whose prefix and table fit, else the first whose prefix
  /// fits, else null.
  const Part* find(const std::string& name) const;
  /// The part of a network, null when the file does not hold it.
  const Part* find(const Spelling& spelling) const;
};

}  // namespace svgen::weights
