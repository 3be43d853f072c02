// SPDX-License-Identifier: MIT
// Tests of the checksum.
#include "data/checksum.h"

#include <gtest/gtest.h>

#include <string>

namespace svgen {
namespace {

uint32_t of(const std::string& text, uint32_t before = 0) {
  return crc32(text.data(), text.size(), before);
}

TEST(Crc32, EqualsThePublishedCheckValue) {
  EXPECT_EQ(of("123456789"), 0xCBF43926u);
  EXPECT_EQ(of(""), 0u);
  EXPECT_EQ(of("The quick brown fox jumps over the lazy dog"), 0x414FA339u);
}

TEST(Crc32, ContinuesAnywhere) {
  const std::string text = "The quick brown fox jumps over the lazy dog";
  for (size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(of(text.substr(cut), of(text.substr(0, cut))), of(text)) << cut;
}

}  // namespace
}  // namespace svgen
