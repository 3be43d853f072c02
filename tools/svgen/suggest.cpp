// SPDX-License-Identifier: MIT
// What a user may have meant.
#include "suggest.h"

#include <algorithm>
#include <sstream>

#include "svgen/error.h"

namespace svgen::cli {
namespace {

std::string lower(std::string text) {
  for (char& letter : text)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return text;
}

// Numbers, ranges, "all" and "random" are svgdiffuse's own business.
bool is_no_name(const std::string& word) {
  return word == "all" || word == "random" ||
         word.find_first_not_of("0123456789-") == std::string::npos;
}

}  // namespace

size_t edits_between(std::string_view a, std::string_view b) {
  // Rows of the table for the letters of a before, two before and at hand.
  std::vector<size_t> older(b.size() + 1), old(b.size() + 1), now(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) old[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({old[j] + 1, now[j - 1] + 1, old[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) now[j] = std::min(now[j], older[j - 2] + 1);
    }
    older.swap(old);
    old.swap(now);
  }
  return old[b.size()];
}

std::string completed(const std::string& word, const std::vector<std::string>& names) {
  std::string found;
  for (const std::string& name : names) {
    if (lower(name) == lower(word)) return name;
    if (!lower(name).starts_with(lower(word))) continue;
    if (!found.empty()) return "";  // two begin like this
    found = name;
  }
  return found;
}

std::string suggestion(const std::string& word, const std::vector<std::string>& names) {
  const auto distance = [&](const std::string& name) {
    return edits_between(lower(word), lower(name));
  };
  const auto nearest = std::min_element(
      names.begin(), names.end(),
      [&](const std::string& a, const std::string& b) { return distance(a) < distance(b); });
  const bool near = nearest != names.end() && distance(*nearest) <= 1 + word.size() / 3;
  return near ? "did you mean " + *nearest + "?" : "";
}

std::string completed_classes(const std::string& list, const std::vector<std::string>& names) {
  std::string classes;
  std::istringstream words(list);
  for (std::string word; std::getline(words, word, ',');) {
    std::string name = is_no_name(word) ? word : completed(word, names);
    if (name.empty()) {
      const std::string meant = suggestion(word, names);
      throw ConfigurationError("there is no class " + word + (meant.empty() ? "" : ": " + meant),
                               {names.empty() ? "numbers: the model's classes have no names"
                                              : "one that `svgen info` lists",
                                word, "--classes"});
    }
    classes += (classes.empty() ? "" : ",") + name;
  }
  return classes;
}

}  // namespace svgen::cli
