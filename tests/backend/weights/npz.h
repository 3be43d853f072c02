// SPDX-License-Identifier: MIT
// Files of numpy.save and numpy.savez, made byte by byte.
#pragma once

#include <zlib.h>

#include <string>

#include "support.h"

namespace svgen::weights::testing {

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

}  // namespace svgen::weights::testing
