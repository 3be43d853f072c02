// SPDX-License-Identifier: MIT
// Archives of numpy.savez: the headers, and every array that can be read.
#include "weights/npz_archive.h"

#include "data/npz_file.h"

#include "fuzz/input.h"
#include "fuzz/tensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace svgen;
  return fuzz::run([&] {
    const auto file = fuzz::mapped(data, size);
    if (file && is_npz(*file)) fuzz::read_all(*weights::open_npz_archive(file));
  });
}
