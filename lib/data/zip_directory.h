// SPDX-License-Identifier: MIT
// The list of files inside a zip archive.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "data/mapped_file.h"

namespace svgen {

struct ZipEntry {
  uint64_t offset;  // of the content, in bytes from the start of the archive
  uint64_t size;
  uint64_t packed = size;  // bytes in the archive
  bool is_deflated = false;
};

enum class ZipForm { kStored, kStoredOrDeflated };

bool is_zip(const MappedFile& file);

/// Returns all names in the archive's list of files, whatever form those have. IoError when the
/// list is damaged.
std::vector<std::string> zip_names(const MappedFile& file);

/// Every file by its name, zip64 included. Directories are left out. IoError for anything in
/// another form, encrypted, split over volumes, repeated, overlapping or outside the archive.
std::map<std::string, ZipEntry, std::less<>> read_zip_directory(const MappedFile& file,
                                                                ZipForm form = ZipForm::kStored);

}  // namespace svgen
