// SPDX-License-Identifier: MIT
// Suggests the names nearest to a mistyped word.
#include "svgen/suggest.h"

#include <algorithm>

#include "svgen/text.h"

namespace svgen {

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

std::string suggestion(const std::string& word, const std::vector<std::string>& names) {
  const auto distance = [&](const std::string& name) {
    return edits_between(ascii_lower(word), ascii_lower(name));
  };
  const auto nearest = std::min_element(
      names.begin(), names.end(),
      [&](const std::string& a, const std::string& b) { return distance(a) < distance(b); });
  const bool near = nearest != names.end() && distance(*nearest) <= 1 + word.size() / 3;
  return near ? "did you mean " + *nearest + "?" : "";
}

}  // namespace svgen
