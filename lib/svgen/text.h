// SPDX-License-Identifier: MIT
// Texts for people: foreign bytes in them, numbers and lists.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace svgen {

/// Returns `bytes` as UTF-8 that any terminal, JSON writer or message bus takes: valid characters
/// stay; bytes that are none, and control characters, become \xNN, one for each byte. Printing what
/// is printable already changes nothing.
std::string printable(std::string_view bytes);

/// Returns printable text of at most `limit` bytes; "..." stands for what is left out.
std::string shortened(std::string_view bytes, size_t limit);

/// Whether `bytes` are UTF-8 as they stand, without a NUL; control characters may be among them.
bool is_utf8(std::string_view bytes);

/// Returns A to Z as small letters and nothing else changed, whatever the locale (std::tolower
/// makes no i of I in a Turkish one).
std::string ascii_lower(std::string_view text);

/// Writes a number with so many significant digits and a point, whatever the locale; "nan" and
/// "inf" for those that are not finite.
std::string number_text(double value, int digits = 9);

/// Writes a number as std::to_string does, with a point in every locale.
std::string fixed_text(double value);

/// Joins the items of a list with `separator` between them; `text` turns each into its text.
template <typename Range, typename Text = std::identity>
std::string joined(const Range& items, std::string_view separator = ", ", Text text = {}) {
  std::string all;
  for (bool first = true; const auto& item : items) {
    if (!std::exchange(first, false)) all += separator;
    all += std::invoke(text, item);
  }
  return all;
}

}  // namespace svgen
