// SPDX-License-Identifier: MIT
// SHA-256 (FIPS 180-4) of files, to tell whether a weights file is the one a card means.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace svgen {

class Sha256 {
 public:
  void update(std::span<const std::byte> bytes);
  /// Lower-case hex. Ends the message.
  std::string digest();

 private:
  static constexpr size_t kBlock = 64;
  void compress(const std::byte* block);

  std::array<uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, kBlock> pending_{};
  uint64_t length_ = 0;  // bytes so far
};

/// Hashes a whole file. IoError when it cannot be read.
std::string sha256_of_file(const std::filesystem::path& file);

/// The same, computed once per process for a file that does not change.
std::string known_sha256(const std::filesystem::path& file);

/// Throws WeightsError unless the file has this digest, of known_sha256().
void check_sha256(const std::filesystem::path& file, const std::string& expected);

}  // namespace svgen
