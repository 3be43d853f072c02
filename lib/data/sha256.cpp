// SPDX-License-Identifier: MIT
// SHA-256 (FIPS 180-4) of files.
#include "data/sha256.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#include "svgen/error.h"

namespace svgen {
namespace fs = std::filesystem;
namespace {

// The fractional parts of the cube roots of the first 64 primes.
constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t big_endian_word(const std::byte* bytes) {
  uint32_t word = 0;
  for (int i = 0; i < 4; ++i) word = word << 8 | std::to_integer<uint32_t>(bytes[i]);
  return word;
}

}  // namespace

void Sha256::compress(const std::byte* block) {
  uint32_t w[64];
  for (size_t i = 0; i < 16; ++i) w[i] = big_endian_word(block + 4 * i);
  for (int i = 16; i < 64; ++i) {
    const uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
    const uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state_;
  for (int i = 0; i < 64; ++i) {
    const uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
    const uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  const uint32_t sums[] = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; ++i) state_[i] += sums[i];
}

void Sha256::update(std::span<const std::byte> bytes) {
  size_t filled = length_ % kBlock;
  length_ += bytes.size();
  while (!bytes.empty()) {
    if (filled == 0 && bytes.size() >= kBlock) {
      compress(bytes.data());
      bytes = bytes.subspan(kBlock);
      continue;
    }
    const size_t taken = std::min(kBlock - filled, bytes.size());
    std::memcpy(pending_.data() + filled, bytes.data(), taken);
    bytes = bytes.subspan(taken);
    filled += taken;
    if (filled == kBlock) {
      compress(pending_.data());
      filled = 0;
    }
  }
}

std::string Sha256::digest() {
  const uint64_t bits = length_ * 8;
  const std::byte one{0x80}, zero{0};
  update({&one, 1});
  while (length_ % kBlock != kBlock - 8) update({&zero, 1});
  for (int shift = 56; shift >= 0; shift -= 8) {
    const std::byte part{static_cast<uint8_t>(bits >> shift)};
    update({&part, 1});
  }
  std::string hex;
  for (const uint32_t word : state_)
    for (int shift = 28; shift >= 0; shift -= 4) hex += "0123456789abcdef"[word >> shift & 15];
  return hex;
}

std::string sha256_of_file(const fs::path& file) {
  constexpr size_t kChunk = 1 << 20;
  std::ifstream stream(file, std::ios::binary);
  std::vector<char> chunk(kChunk);
  Sha256 hash;
  while (stream.read(chunk.data(), kChunk) || stream.gcount() > 0)
    hash.update(std::as_bytes(std::span(chunk.data(), static_cast<size_t>(stream.gcount()))));
  if (!stream.eof()) {
    throw IoError("a weights file cannot be read: check that it exists and is readable",
                  {.expected = "a readable file", .found = "a read error", .where = file.string()});
  }
  return hash.digest();
}

std::string known_sha256(const fs::path& file) {
  using FileState = std::tuple<std::string, uintmax_t, fs::file_time_type>;
  static std::mutex mutex;
  static std::map<FileState, std::string> digests;
  std::error_code ignored;
  const FileState state{fs::weakly_canonical(file, ignored).string(), fs::file_size(file, ignored),
                        fs::last_write_time(file, ignored)};
  const std::lock_guard lock(mutex);
  auto found = digests.find(state);
  if (found == digests.end()) found = digests.emplace(state, sha256_of_file(file)).first;
  return found->second;
}

void check_sha256(const fs::path& file, const std::string& expected) {
  const std::string found = known_sha256(file);
  if (found == expected) return;
  throw WeightsError(
      "a weights file is not the one its model card names: fetch it again",
      {.expected = "sha256 " + expected, .found = "sha256 " + found, .where = file.string()});
}

}  // namespace svgen
