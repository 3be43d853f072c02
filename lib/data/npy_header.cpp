// SPDX-License-Identifier: MIT
// The header is a literal of a Python dict: read, never run.
#include "data/npy_header.h"

#include <algorithm>
#include <charconv>

namespace svgen {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMagic = "\x93NUMPY"sv;
constexpr size_t kVersionAt = 6, kLengthAt = 8;
constexpr uint64_t kMaxHeader = 1u << 20;
constexpr size_t kMaxAxes = 64;

uint64_t little_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// The length has two bytes in version 1 and four behind it.
size_t length_width(std::string_view start) {
  return start[kVersionAt] == 1 ? 2 : 4;
}

/// Takes words off the front of a literal; each of the functions returns whether it was there.
class Literal {
 public:
  explicit Literal(std::string_view text) : rest_(text) {}

  bool word(std::string_view expected) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size()));
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  bool text(std::string& value) {
    for (const char quote : {'\'', '"'}) {
      if (!word({&quote, 1})) continue;
      const size_t end = rest_.find(quote);
      if (end == std::string_view::npos) return false;
      value = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      return true;
    }
    return false;
  }
  bool number(int64_t& value) {
    word("");
    const auto [end, problem] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (problem != std::errc() || value < 0) return false;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    word("L");  // of Python 2
    return true;
  }
  bool truth(bool& value) {
    value = word("True");
    return value || word("False");
  }
  bool tuple(std::vector<int64_t>& values) {
    if (!word("(")) return false;
    while (!word(")")) {
      if (values.size() >= kMaxAxes || !number(values.emplace_back())) return false;
      if (!word(",")) return word(")");
    }
    return true;
  }
  /// A list, up to the bracket that closes it.
  bool list() {
    if (!word("[")) return false;
    int depth = 1;
    while (depth > 0 && !rest_.empty()) {
      depth += rest_.front() == '[' ? 1 : rest_.front() == ']' ? -1 : 0;
      rest_.remove_prefix(1);
    }
    return depth == 0;
  }

 private:
  std::string_view rest_;
};

bool read_value(Literal& literal, const std::string& key, NpyHeader& header) {
  if (key == "shape") return literal.tuple(header.shape);
  if (key == "fortran_order") return literal.truth(header.is_fortran_order);
  if (key != "descr") return false;
  if (literal.text(header.dtype)) return true;
  header.dtype = "a structure";
  return literal.list();
}

}  // namespace

std::optional<uint64_t> npy_header_size(std::string_view start) {
  if (start.size() < kNpyStart || !start.starts_with(kMagic)) return std::nullopt;
  if (start[kVersionAt] < 1 || start[kVersionAt] > 3) return std::nullopt;
  const size_t width = length_width(start);
  const uint64_t size = kLengthAt + width + little_endian(start.substr(kLengthAt, width));
  return size >= kNpyStart && size <= kMaxHeader ? std::optional(size) : std::nullopt;
}

std::optional<NpyHeader> read_npy_header(std::string_view bytes) {
  Literal literal(bytes.substr(kLengthAt + length_width(bytes)));
  NpyHeader header;
  header.size = bytes.size();
  int keys = 0;
  if (!literal.word("{")) return std::nullopt;
  for (; !literal.word("}"); ++keys) {
    std::string key;
    if (!literal.text(key) || !literal.word(":") || !read_value(literal, key, header))
      return std::nullopt;
    literal.word(",");
  }
  if (keys != 3 || header.dtype.empty()) return std::nullopt;
  return header;
}

}  // namespace svgen
