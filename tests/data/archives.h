// SPDX-License-Identifier: MIT
// Archives made byte by byte: zip, and the arrays of numpy.savez in it.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <string>
#include <vector>

namespace svgen::testing {

/// Returns a number as `width` bytes, little-endian.
inline std::string number(uint64_t value, int width) {
  std::string bytes;
  for (int i = 0; i < width; ++i) bytes += static_cast<char>(i < 8 ? value >> (8 * i) : 0);
  return bytes;
}

inline std::string floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

struct ZipFile {
  std::string name, content;
  uint16_t method = 0, flags = 0;
  uint64_t size = content.size();  // unpacked
};

/// Returns a zip archive; with `long_form` all sizes and offsets are in the zip64 parts.
inline std::string zip(const std::vector<ZipFile>& files, bool long_form = false) {
  constexpr uint64_t kSee64 = 0xffffffff;
  std::string bytes, directory;
  for (const ZipFile& file : files) {
    const uint64_t offset = bytes.size(), packed = file.content.size(), size = file.size;
    const std::string common = number(45, 2) + number(file.flags, 2) + number(file.method, 2) +
                               number(0, 8) + number(long_form ? kSee64 : packed, 4) +
                               number(long_form ? kSee64 : size, 4) + number(file.name.size(), 2);
    const std::string extra = long_form ? number(1, 2) + number(24, 2) + number(size, 8) +
                                              number(packed, 8) + number(offset, 8)
                                        : "";
    bytes += number(0x04034b50, 4) + common + number(0, 2) + file.name + file.content;
    directory += number(0x02014b50, 4) + number(45, 2) + common + number(extra.size(), 2) +
                 number(0, 10) + number(long_form ? kSee64 : offset, 4) + file.name + extra;
  }
  const uint64_t start = bytes.size();
  bytes += directory;
  const uint64_t record = bytes.size();
  if (long_form)
    bytes += number(0x06064b50, 4) + number(44, 8) + number(0, 12) + number(files.size(), 8) +
             number(files.size(), 8) + number(directory.size(), 8) + number(start, 8) +
             number(0x07064b50, 4) + number(0, 4) + number(record, 8) + number(1, 4);
  return bytes + number(0x06054b50, 4) + number(0, 4) + number(files.size(), 2) +
         number(files.size(), 2) + number(long_form ? kSee64 : directory.size(), 4) +
         number(long_form ? kSee64 : start, 4) + number(0, 2);
}

/// The bytes of numpy.save for a header's literal and the numbers.
inline std::string npy(std::string literal, const std::string& numbers) {
  literal.append(64 - (10 + literal.size() + 1) % 64, ' ') += '\n';
  return std::string("\x93NUMPY\1\0", 8) + number(literal.size(), 2) + literal + numbers;
}

/// The literal of a header.
inline std::string npy_literal(const std::string& dtype, const std::string& shape,
                               const std::string& fortran = "False") {
  return "{'descr': '" + dtype + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

/// The bytes as a zip archive deflates them.
inline std::string deflated(const std::string& bytes) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

inline ZipFile deflated_file(const std::string& name, const std::string& content) {
  return {name, deflated(content), 8, 0, content.size()};
}

}  // namespace svgen::testing
