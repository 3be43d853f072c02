// SPDX-License-Identifier: MIT
// What a user may have meant by a word that is no name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace svgen {

/// The smallest number of letters to insert, leave out, change or swap with the next from one word
/// to the other.
size_t edits_between(std::string_view a, std::string_view b);

/// "did you mean NAME?", or empty where none of the names is near.
std::string suggestion(const std::string& word, const std::vector<std::string>& names);

}  // namespace svgen
