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

}  // namespace svgen
