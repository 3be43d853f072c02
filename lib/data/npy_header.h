// SPDX-License-Identifier: MIT
// What stands before the numbers of a file of numpy.save.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace svgen {

/// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1 to 3.
struct NpyHeader {
  uint64_t size = 0;  // bytes up to the numbers
  std::string dtype;  // as the header spells it, "<f4"; "a structure" where it is no text
  std::vector<int64_t> shape;
  bool is_fortran_order = false;
};

/// How many bytes of a file tell npy_header_size, and the size, or nothing where they are no start
/// of such a file.
constexpr uint64_t kNpyStart = 12;
std::optional<uint64_t> npy_header_size(std::string_view start);

/// The header, of npy_header_size bytes, or nothing when it says something else than the format.
std::optional<NpyHeader> read_npy_header(std::string_view bytes);

}  // namespace svgen
