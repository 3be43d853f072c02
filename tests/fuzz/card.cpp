// SPDX-License-Identifier: MIT
// Model cards.
#include "svgen/card.h"

#include <string_view>

#include "fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace svgen;
  return fuzz::run([&] {
    Card::parse(std::string_view(reinterpret_cast<const char*>(data), size), "/folder/card.json");
  });
}
