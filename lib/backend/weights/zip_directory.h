// SPDX-License-Identifier: MIT
// The list of files inside a zip archive whose files are stored uncompressed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "weights/mapped_file.h"

namespace svgen::weights {

struct ZipEntry {
  uint64_t offset;  // of the content, in bytes from the start of the archive
  uint64_t size;
};

bool is_zip(const MappedFile& file);

/// Returns all names in the archive's list of files, whatever form those have. IoError when the
/// list is damaged.
std::vector<std::string> zip_names(const MappedFile& file);

/// Every stored file by its name, zip64 included. Directories are left out. IoError for anything
/// compressed, encrypted, split over volumes, repeated, overlapping or outside the file.
std::map<std::string, ZipEntry, std::less<>> read_zip_directory(const MappedFile& file);

}  // namespace svgen::weights
