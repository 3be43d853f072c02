// SPDX-License-Identifier: MIT
// Parsing class lists.
#include "svg/class_list.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

#include "common/handles.h"
#include "svgen/error.h"
#include "svgen/random.h"

namespace svgen::gst {
namespace {

std::optional<int64_t> number_in(const std::string& text) {
  int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// First and last class of one entry: a name, a number or a range.
std::optional<std::pair<int64_t, int64_t>> range_of(const std::string& entry,
                                                    const std::vector<std::string>& names) {
  if (const auto name = std::find(names.begin(), names.end(), entry); name != names.end()) {
    return std::pair(name - names.begin(), name - names.begin());
  }
  if (const auto one = number_in(entry)) return std::pair(*one, *one);
  const size_t dash = entry.find('-');
  if (dash == std::string::npos) return std::nullopt;
  const auto first = number_in(trimmed(entry.substr(0, dash)));
  const auto last = number_in(trimmed(entry.substr(dash + 1)));
  if (!first || !last) return std::nullopt;
  return std::pair(*first, *last);
}

}  // namespace

ClassList ClassList::parse(const std::string& text, int64_t count,
                           const std::vector<std::string>& names) {
  ClassList list;
  list.count_ = count;
  if (text == "random") return list;
  if (text == "all") {
    list.classes_.resize(static_cast<size_t>(count));
    std::iota(list.classes_.begin(), list.classes_.end(), 0);
    return list;
  }
  for (const std::string& entry : comma_separated(text)) {
    const auto range = range_of(trimmed(entry), names);
    if (!range || range->first < 0 || range->second < range->first || range->second >= count) {
      throw ConfigurationError("classes has an entry that is no class of the model",
                               {"numbers from 0 to " + std::to_string(count - 1) +
                                    ", ranges such as 0-9, class names, all or random",
                                "\"" + trimmed(entry) + "\"", "property classes"});
    }
    for (int64_t c = range->first; c <= range->second; ++c) list.classes_.push_back(c);
  }
  if (list.classes_.empty()) {
    throw ConfigurationError("classes is empty", {"at least one class, all or random",
                                                  "\"" + text + "\"", "property classes"});
  }
  return list;
}

int64_t ClassList::at(uint64_t seed, int64_t index) const {
  if (classes_.empty()) return random_class(seed, static_cast<uint64_t>(index), count_);
  return classes_[static_cast<size_t>(index) % classes_.size()];
}

}  // namespace svgen::gst
