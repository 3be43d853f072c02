// SPDX-License-Identifier: MIT
// The files of a card, its licence and its size, as commands show them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "svgen/card.h"

namespace svgen::cli {

struct ModelFile {
  std::string part;
  FileReference reference;
  std::string path;     // where it is; empty: not there
  std::string problem;  // then the whole report

  bool is_there() const { return !path.empty(); }
};

/// Lists the parts that the card names, in order.
std::vector<ModelFile> files_of(const Card& card);

/// Returns the licence, with a mark in front of one that forbids commercial use.
std::string license_text(const Card& card);
bool is_non_commercial(const Card& card);

/// Counts the files of the card that are not there, each once.
size_t missing_files(const Card& card);

/// Returns the most memory that the weights of all parts take in float32, in bytes: the sizes of
/// their files, each counted once; 0 where one is not there and the card does not say its size.
int64_t memory_needed(const Card& card);

/// Returns "2.7 GB", "840 MB" or "unknown size" of bytes.
std::string size_text(int64_t bytes);

}  // namespace svgen::cli
