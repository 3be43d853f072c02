// SPDX-License-Identifier: MIT
// safetensors files: the header, and every tensor that it names.
#include "weights/safetensors.h"

#include "fuzz/input.h"
#include "fuzz/tensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace svgen;
  return fuzz::run([&] {
    if (const auto file = fuzz::mapped(data, size))
      fuzz::read_all(*weights::open_safetensors(file));
  });
}
