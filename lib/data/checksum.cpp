// SPDX-License-Identifier: MIT
// CRC-32 over eight bytes at a time, a table for each.
#include "data/checksum.h"

#include <array>
#include <bit>
#include <cstring>

namespace svgen {
namespace {

constexpr uint32_t kPolynomial = 0xEDB88320;  // reflected
constexpr size_t kAtOnce = 8;

using Table = std::array<uint32_t, 256>;

// tables[k][b]: what byte b contributes when k more bytes follow it.
constexpr std::array<Table, kAtOnce> make_tables() {
  std::array<Table, kAtOnce> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit)
      remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = remainder;
  }
  for (size_t k = 1; k < kAtOnce; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr std::array<Table, kAtOnce> kTables = make_tables();

}  // namespace

uint32_t crc32(const void* bytes, size_t count, uint32_t before) {
  static_assert(std::endian::native == std::endian::little);
  const auto* byte = static_cast<const uint8_t*>(bytes);
  uint32_t remainder = ~before;
  for (; count >= kAtOnce; count -= kAtOnce, byte += kAtOnce) {
    uint64_t word = 0;
    std::memcpy(&word, byte, kAtOnce);
    word ^= remainder;
    remainder = 0;
    for (size_t k = 0; k < kAtOnce; ++k)
      remainder ^= kTables[kAtOnce - 1 - k][(word >> (8 * k)) & 0xFF];
  }
  for (; count > 0; --count)
    remainder = (remainder >> 8) ^ kTables[0][(remainder ^ *byte++) & 0xFF];
  return ~remainder;
}

}  // namespace svgen
