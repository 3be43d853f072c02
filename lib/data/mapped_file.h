// SPDX-License-Identifier: MIT
// A file mapped into memory for as long as anyone uses its bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace svgen {

/// A private mapping: pages are read when they are touched, and a tensor that shares them may be
/// written to without changing the file.
class MappedFile {
 public:
  /// IoError when `path` is absent, empty, unreadable or not a regular file.
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  ~MappedFile();

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string_view bytes() const { return {data_, size_}; }
  uint64_t size() const { return size_; }
  char* data(uint64_t offset) const { return data_ + offset; }

  /// IoError that names `what` when the range does not lie in the file.
  std::string_view slice(uint64_t offset, uint64_t size, const std::string& what) const;

  /// An unsigned little-endian number of `width` bytes (at most 8); checked like slice.
  uint64_t number(uint64_t offset, int width, const std::string& what) const;

 private:
  MappedFile(std::filesystem::path path, char* data, size_t size)
      : path_(std::move(path)), data_(data), size_(size) {}

  std::filesystem::path path_;
  char* data_;
  size_t size_;
};

/// Throws the IoError of a file that can be read but not understood.
[[noreturn]] void refuse_file(const std::filesystem::path& path, const std::string& headline,
                              const std::string& expected = {}, const std::string& found = {});

}  // namespace svgen
