// SPDX-License-Identifier: MIT
// The directories of zip archives.
#include <string_view>

#include "data/zip_directory.h"
#include "fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace svgen;
  return fuzz::run([&] {
    const auto file = fuzz::mapped(data, size);
    if (!file) return;
    for (const auto& [name, entry] : read_zip_directory(*file))
      file->slice(entry.offset, entry.size, name);
  });
}
