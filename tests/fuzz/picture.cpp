// SPDX-License-Identifier: MIT
// What the bytes of a picture file say before it is decoded.
#include <cstdlib>
#include <span>

#include "fuzz/input.h"
#include "media/picture_facts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace svgen;
  return fuzz::run([&] {
    const std::span<const uint8_t> file(data, size);
    const PictureFacts facts = picture_facts(file);
    if (facts.orientation < 1 || facts.orientation > 8 || facts.pictures < 1) std::abort();
    if (facts.orientation_at + 2 > size || facts.alpha_at + 2 > size) {
      if (facts.orientation_at != 0 || facts.alpha_at != 0) std::abort();
    }
    first_webp_frame(file);
  });
}
