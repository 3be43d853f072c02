// SPDX-License-Identifier: MIT
// Parsing class lists.
#include "svgen/class_list.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>
#include <span>

#include "svgen/error.h"
#include "svgen/random.h"
#include "svgen/suggest.h"
#include "svgen/text.h"

namespace svgen {
namespace {

struct Range {
  int64_t first, last;
};

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

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    parts.push_back(trimmed(text.substr(begin, comma - begin)));
    begin = comma + 1;
  }
  return parts;
}

// Returns the text by which names are compared.
std::string comparable(std::span<const std::string> parts) {
  return joined(parts, ", ", ascii_lower);
}

std::optional<Range> range_in(const std::string& entry) {
  if (const auto one = number_in(entry)) return Range{*one, *one};
  const size_t dash = entry.find('-');
  if (dash == std::string::npos) return std::nullopt;
  const auto first = number_in(trimmed(entry.substr(0, dash)));
  const auto last = number_in(trimmed(entry.substr(dash + 1)));
  if (!first || !last) return std::nullopt;
  return Range{*first, *last};
}

class Reader {
 public:
  Reader(const std::string& text, int64_t count, const std::vector<std::string>& names,
         const std::string& where)
      : parts_(parts_of(text)), count_(count), names_(names), where_(where) {
    for (const std::string& name : names) {
      const std::vector<std::string> parts = parts_of(name);
      comparable_.push_back(comparable(parts));
      longest_ = std::max(longest_, parts.size());
    }
  }

  std::vector<int64_t> classes() {
    std::vector<int64_t> found;
    while (at_ < parts_.size()) {
      const Range range = next();
      for (int64_t c = range.first; c <= range.last; ++c) found.push_back(c);
    }
    return found;
  }

 private:
  // The entry that begins at `at_`: as many parts as make a name, or one.
  Range next() {
    const std::string entry = parts_[at_];
    for (size_t end = std::min(parts_.size(), at_ + longest_); end > at_; --end) {
      const std::string words = comparable(std::span(parts_).subspan(at_, end - at_));
      const auto same = [&](const std::string& name) { return name == words; };
      if (const auto name = only(matching(same), words)) {
        at_ = end;
        return {*name, *name};
      }
    }
    ++at_;
    if (const auto range = range_in(entry)) {
      if (range->first < 0 || range->last < range->first || range->last >= count_) refuse(entry);
      return *range;
    }
    const auto begins = [&](const std::string& name) {
      return !entry.empty() && name.starts_with(ascii_lower(entry));
    };
    if (const auto name = only(matching(begins), entry)) return {*name, *name};
    refuse(entry);
  }

  template <typename Matches>
  std::vector<int64_t> matching(Matches matches) const {
    std::vector<int64_t> found;
    for (size_t i = 0; i < comparable_.size(); ++i)
      if (matches(comparable_[i])) found.push_back(static_cast<int64_t>(i));
    return found;
  }

  // The one class that a name means; none where it means nothing.
  std::optional<int64_t> only(const std::vector<int64_t>& found, const std::string& entry) const {
    constexpr size_t kShown = 8;
    if (found.empty()) return std::nullopt;
    if (found.size() == 1) return found.front();
    std::string meant = joined(
        std::span(found).first(std::min(found.size(), kShown)), "; ",
        [this](int64_t c) { return std::to_string(c) + " " + names_[static_cast<size_t>(c)]; });
    if (found.size() > kShown) meant += "; ...";
    throw ConfigurationError("there is no class " + entry +
                                 " alone: " + std::to_string(found.size()) +
                                 " classes are meant by it, so give the number of one",
                             {.expected = meant, .found = "\"" + entry + "\"", .where = where_});
  }

  [[noreturn]] void refuse(const std::string& entry) const {
    const std::string meant = suggestion(entry, names_);
    throw ConfigurationError(
        "there is no class " + (entry.empty() ? "without a name" : entry) +
            (meant.empty() ? "" : ": " + meant),
        {.expected = "numbers from 0 to " + std::to_string(count_ - 1) + ", ranges such as 0-9, " +
                     (names_.empty() ? "" : "class names, ") + "all or random",
         .found = "\"" + entry + "\"",
         .where = where_});
  }

  std::vector<std::string> parts_, comparable_;
  size_t at_ = 0, longest_ = 0;
  int64_t count_;
  const std::vector<std::string>& names_;
  const std::string& where_;
};

}  // namespace

ClassList ClassList::parse(const std::string& text, int64_t count,
                           const std::vector<std::string>& names, const std::string& where) {
  ClassList list;
  list.count_ = count;
  if (trimmed(text) == "random") return list;
  if (trimmed(text) == "all") {
    list.classes_.resize(static_cast<size_t>(count));
    std::iota(list.classes_.begin(), list.classes_.end(), 0);
    return list;
  }
  list.classes_ = Reader(text, count, names, where).classes();
  if (list.classes_.empty()) {
    throw ConfigurationError("the list of classes is empty",
                             {.expected = "at least one class, all or random",
                              .found = "\"" + text + "\"",
                              .where = where});
  }
  return list;
}

int64_t ClassList::at(uint64_t seed, int64_t index) const {
  if (classes_.empty()) return random_class(seed, static_cast<uint64_t>(index), count_);
  return classes_[static_cast<size_t>(index) % classes_.size()];
}

}  // namespace svgen
