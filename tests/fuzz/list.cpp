// SPDX-License-Identifier: MIT
// Lists of pictures, and of classes.
#include <string>

#include "data/list_file.h"
#include "fuzz/input.h"
#include "svgen/class_list.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace svgen;
  static const int file = memfd_create("list", 0);
  if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != static_cast<ssize_t>(size))
    return 0;
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  fuzz::run([&] { read_list_file(path, [](std::string_view, int64_t) {}); });
  const std::string text(reinterpret_cast<const char*>(data), size);
  return fuzz::run([&] {
    ClassList::parse(text, 4, {"ball", "tench, Tinca tinca", "Ball", "box"}).at(1, 7);
  });
}
