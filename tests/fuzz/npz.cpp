// SPDX-License-Identifier: MIT
// Archives of numpy.savez: the headers, and every array that can be read.
#include "weights/npz_archive.h"

#include "fuzz/input.h"
#include "fuzz/tensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace svgen;
  return fuzz::run([&] {
    if (const auto file = fuzz::mapped(data, size))
      fuzz::read_all(*weights::open_npz_archive(file));
  });
}
