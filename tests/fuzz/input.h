// SPDX-License-Identifier: MIT
// What the fuzz targets share: an input as a mapped file, and errors as the only way out.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "data/mapped_file.h"
#include "svgen/error.h"

namespace svgen::fuzz {

/// The bytes as a file that MappedFile opens; null for none of them.
inline std::shared_ptr<const MappedFile> mapped(const uint8_t* data, size_t size) {
  static const int file = memfd_create("input", 0);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  const bool written = size > 0 && ftruncate(file, 0) == 0 &&
                       pwrite(file, data, size, 0) == static_cast<ssize_t>(size);
  return written ? MappedFile::open(path) : nullptr;
}

/// Runs a reader: the errors it may throw are svgen's. Anything else ends the program.
template <typename Read>
int run(Read read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.report().empty()) std::abort();  // what is refused is refused with words
  }
  return 0;
}

}  // namespace svgen::fuzz
