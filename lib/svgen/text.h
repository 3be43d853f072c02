// SPDX-License-Identifier: MIT
// Foreign bytes in texts for people: names of files, of tensors, and of whatever else others chose.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace svgen {

/// `bytes` as UTF-8 that any terminal, JSON writer or message bus takes: valid characters stay;
/// bytes that are none, and control characters, become \xNN, one for each byte. Printing what is
/// printable already changes nothing.
std::string printable(std::string_view bytes);

/// The same, of at most `limit` bytes and, in place of what is left out, "...".
std::string shortened(std::string_view bytes, size_t limit);

/// Whether `bytes` are UTF-8 as they stand, without a NUL; control characters may be among them.
bool is_utf8(std::string_view bytes);

/// A to Z as small letters and nothing else changed, whatever the locale (std::tolower makes no i
/// of I in a Turkish one).
std::string ascii_lower(std::string_view text);

/// The number with so many significant digits and a point, whatever the locale; "nan" and "inf" for
/// what is not finite.
std::string number_text(double value, int digits = 9);

/// The same as std::to_string, with a point in every locale.
std::string fixed_text(double value);

}  // namespace svgen
