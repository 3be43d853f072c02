// SPDX-License-Identifier: MIT
// Mapping through the operating system, with the checks that keep a mapping from faulting.
#include "data/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "svgen/error.h"

namespace svgen {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  int number_;
};

}  // namespace

void refuse_file(const std::filesystem::path& path, const std::string& headline,
                 const std::string& expected, const std::string& found) {
  throw IoError(headline, {.expected = expected, .found = found, .where = path.string()});
}

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  // Non-blocking, so that a named pipe is refused below instead of waited for.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0)
    refuse_file(path, "cannot open the weights file; check the path and its permissions",
                "a readable file", std::strerror(errno));
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    refuse_file(path, "the weights path is not a file; name the file itself", "a regular file",
                S_ISDIR(status.st_mode) ? "a directory" : "something else");
  if (status.st_size == 0)
    refuse_file(path, "the weights file is empty; fetch it again", "tensors", "0 bytes");

  const auto size = static_cast<size_t>(status.st_size);
  void* data =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file.get(), 0);
  if (data == MAP_FAILED)
    refuse_file(path, "cannot map the weights file into memory", "a file that can be mapped",
                std::strerror(errno));
  return std::shared_ptr<const MappedFile>(new MappedFile(path, static_cast<char*>(data), size));
}

MappedFile::~MappedFile() {
  ::munmap(data_, size_);
}

std::string_view MappedFile::slice(uint64_t offset, uint64_t size, const std::string& what) const {
  if (offset > size_ || size > size_ - offset)
    refuse_file(path_, "the weights file is cut off or corrupt; fetch it again",
                what + " at bytes " + std::to_string(offset) + " to " + std::to_string(offset) +
                    "+" + std::to_string(size),
                "a file of " + std::to_string(size_) + " bytes");
  return bytes().substr(offset, size);
}

uint64_t MappedFile::number(uint64_t offset, int width, const std::string& what) const {
  const std::string_view digits = slice(offset, static_cast<uint64_t>(width), what);
  uint64_t value = 0;
  for (int i = width - 1; i >= 0; --i) value = value << 8 | static_cast<uint8_t>(digits[i]);
  return value;
}

}  // namespace svgen
