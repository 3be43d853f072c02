// SPDX-License-Identifier: MIT
// Suggests the name that a user may have meant by an unknown word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace svgen {

/// Counts the fewest letters to insert, leave out, change or swap with the next that turn one word
/// into the other.
size_t edits_between(std::string_view a, std::string_view b);

/// Returns "did you mean NAME?", or empty where none of the names is near.
std::string suggestion(const std::string& word, const std::vector<std::string>& names);

}  // namespace svgen
