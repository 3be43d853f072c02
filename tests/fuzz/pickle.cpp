// SPDX-License-Identifier: MIT
// The machine behind pickles, with hooks that know nothing.
#include "weights/pickle.h"

#include <string_view>

#include "fuzz/input.h"

namespace {

using namespace svgen::weights;

// Values may be cyclic and shared: visits are bounded, as whoever walks them has to.
void walk(const PickleValue& value, int depth, int& visits) {
  if (depth == 0 || --visits < 0) return;
  if (value.has_text() && !value.text().empty()) {
    volatile char last = value.text().back();
    static_cast<void>(last);
  }
  for (const PickleValue& item : value.items()) walk(item, depth - 1, visits);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  PickleMachine machine({});
  try {
    int visits = 10000;
    walk(machine.run(bytes), 20, visits);
  } catch (const PickleError&) {
  }
  return 0;
}
