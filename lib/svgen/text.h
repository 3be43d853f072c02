// SPDX-License-Identifier: MIT
// Writes text for people: bytes from outside, numbers and lists.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace svgen {

/// Returns `bytes` as UTF-8 that any terminal, JSON writer or message bus takes: valid characters
/// stay, and each byte of anything else and of control characters becomes \xNN. Text that is
/// printable already stays as it is.
std::string printable(std::string_view bytes);

/// Returns printable text of at most `limit` bytes; "..." stands for what is left out.
std::string shortened(std::string_view bytes, size_t limit);

/// Returns whether `bytes` are UTF-8 without a NUL; control characters may be among them.
bool is_utf8(std::string_view bytes);

/// Returns the text with A to Z in lower case and nothing else changed, whatever the locale (in a
/// Turkish one std::tolower does not turn I into i).
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
