// SPDX-License-Identifier: MIT
// What a user may have meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace svgen::cli {

/// The smallest number of letters to insert, leave out, change or swap with the next from one word
/// to the other.
size_t edits_between(std::string_view a, std::string_view b);

/// The name that a word stands for: itself in any case, or the only name that begins with it. Empty
/// where there is none.
std::string completed(const std::string& word, const std::vector<std::string>& names);

/// "did you mean NAME?", or empty where none of the names is near.
std::string suggestion(const std::string& word, const std::vector<std::string>& names);

/// A list of classes as svgdiffuse takes it, with each name completed. ConfigurationError for a
/// word that is no number, range or name of a class.
std::string completed_classes(const std::string& list, const std::vector<std::string>& names);

}  // namespace svgen::cli
