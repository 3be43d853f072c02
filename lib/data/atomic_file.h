// SPDX-License-Identifier: MIT
// A file that appears under its name only when it is complete and on the disk.
#pragma once

#include <filesystem>
#include <string_view>

namespace svgen {

class AtomicFile {
 public:
  /// Starts a new file beside `path`. IoError when the folder is missing or not writable.
  explicit AtomicFile(std::filesystem::path path);
  /// Removes what was written unless commit() was reached.
  ~AtomicFile();

  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  /// Flushes, renames to `path` and flushes the folder.
  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path path_, temporary_;
  int descriptor_ = -1;
};

/// `wanted`, or where that exists the first of wanted-2, wanted-3, ... that does not.
std::filesystem::path unused_path(const std::filesystem::path& wanted);

}  // namespace svgen
