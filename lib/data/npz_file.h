// SPDX-License-Identifier: MIT
// The arrays in an archive of numpy.savez or numpy.savez_compressed, by their headers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/mapped_file.h"
#include "data/npy_header.h"
#include "data/zip_directory.h"

namespace svgen {

struct NpzArray {
  std::string name;  // under which it was saved
  NpyHeader header;
  ZipEntry entry;  // header and numbers

  uint64_t bytes() const { return entry.size - header.size; }  // of the numbers
  /// Where the numbers of a stored array lie in the archive.
  uint64_t offset() const { return entry.offset + header.size; }
};

/// Whether the file is a zip archive of NumPy arrays and nothing else.
bool is_npz(const MappedFile& file);

/// All arrays in order of their names. IoError for a damaged archive, or an array whose header does
/// not say what the format asks for.
std::vector<NpzArray> read_npz(const std::shared_ptr<const MappedFile>& file);

/// Throws the IoError of a damaged array.
[[noreturn]] void refuse_array(const MappedFile& file, const std::string& name,
                               const std::string& expected, const std::string& found);

}  // namespace svgen
