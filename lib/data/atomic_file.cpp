// SPDX-License-Identifier: MIT
// Write, flush, rename, flush the folder: the order that survives a power cut.
#include "data/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "svgen/error.h"

namespace svgen {
namespace {

// Distinct for every writer alive, so that two of them never share a temporary file.
std::filesystem::path temporary_name(const std::filesystem::path& path) {
  static std::atomic<unsigned> count = 0;
  std::filesystem::path name = path;
  name += ".partial-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
  return name;
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path path)
    : path_(std::move(path)), temporary_(temporary_name(path_)) {
  // A file of this name can only be left over from a process that died and had our number.
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail("cannot create a file here; check the folder and its permissions");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  constexpr size_t kAtOnce = size_t{1} << 30;  // one call moves less than 2 GiB
  while (!bytes.empty()) {
    const ssize_t done = ::write(descriptor_, bytes.data(), std::min(bytes.size(), kAtOnce));
    if (done < 0 && errno != EINTR) fail("cannot write the file; check the space on the disk");
    if (done > 0) bytes.remove_prefix(static_cast<size_t>(done));
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail("cannot flush the file to the disk");
  const int closed = ::close(std::exchange(descriptor_, -1));
  if (closed != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int reason = errno;
    ::unlink(temporary_.c_str());
    errno = reason;
    fail("cannot give the finished file its name");
  }
  const auto parent = path_.parent_path();
  const int folder = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_CLOEXEC);
  if (folder < 0) return;  // the file is complete; some file systems cannot flush a folder
  ::fsync(folder);
  ::close(folder);
}

void AtomicFile::fail(const char* what) const {
  throw IoError(
      what,
      {.expected = "a writable place", .found = std::strerror(errno), .where = path_.string()});
}

std::filesystem::path unused_path(const std::filesystem::path& wanted) {
  std::filesystem::path path = wanted;
  for (int number = 2; std::filesystem::exists(std::filesystem::symlink_status(path)); ++number) {
    path = wanted;
    path += "-" + std::to_string(number);
  }
  return path;
}

}  // namespace svgen
