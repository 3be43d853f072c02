// SPDX-License-Identifier: MIT
// Matching names against patterns with number holes, and filling the holes again.
#include "weights/key_map.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

namespace svgen::weights {
namespace {

constexpr int kMaxIndex = 9999;
constexpr size_t kMaxGaps = 4096;  // enough to see that a file is not what it seems

// The prefixes that wrappers add to any model.
constexpr KeyRule kEverywhere[] = {
    {"n_averaged", nullptr, KeyNeed::kSurplus, KeyChange::kNone, "counts the averaged models"},
    {"steps", nullptr, KeyNeed::kSurplus, KeyChange::kNone, "counts the steps of an average"},
};

using Indices = std::vector<int>;
using Present = std::set<std::pair<std::string, KeyChange>>;

// Reads the number at the front of `name`, as Python writes it: no sign, no leading zero.
std::optional<int> take_index(std::string_view& name) {
  size_t digits = 0;
  int value = 0;
  while (digits < name.size() && std::isdigit(static_cast<unsigned char>(name[digits])) != 0) {
    value = value * 10 + (name[digits++] - '0');
    if (value > kMaxIndex) return std::nullopt;
  }
  if (digits == 0 || (digits > 1 && name[0] == '0')) return std::nullopt;
  name.remove_prefix(digits);
  return value;
}

struct Holes {
  Indices indices;
  std::string rest;
};

std::optional<Holes> match_pattern(std::string_view pattern, std::string_view name) {
  Holes holes;
  while (!pattern.empty()) {
    if (pattern == "*" && !name.empty()) {
      holes.rest = name;
      return holes;
    }
    if (pattern.starts_with("{}")) {
      const auto index = take_index(name);
      if (!index) return std::nullopt;
      holes.indices.push_back(*index);
      pattern.remove_prefix(2);
      continue;
    }
    if (name.empty() || name[0] != pattern[0]) return std::nullopt;
    name.remove_prefix(1);
    pattern.remove_prefix(1);
  }
  return name.empty() ? std::optional(holes) : std::nullopt;
}

std::string fill_pattern(std::string_view pattern, const Indices& indices,
                         const std::string& rest) {
  std::string name;
  size_t next = 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern.substr(i).starts_with("{}")) {
      name += std::to_string(indices[next++]);
      ++i;
    } else if (pattern[i] == '*') {
      name += rest;
    } else {
      name += pattern[i];
    }
  }
  return name;
}

// The pattern up to its last number: names that share it count the same layers.
std::string_view numbered_part(std::string_view pattern) {
  const size_t hole = pattern.rfind("{}");
  return hole == std::string_view::npos ? std::string_view() : pattern.substr(0, hole + 2);
}

size_t count_holes(std::string_view pattern) {
  size_t count = 0;
  for (size_t at = pattern.find("{}"); at != std::string_view::npos;
       at = pattern.find("{}", at + 2))
    ++count;
  return count;
}

/// Every combination of numbers from `low` to `high`, in order.
std::vector<Indices> box(const Indices& low, const Indices& high) {
  std::vector<Indices> all = {{}};
  for (size_t axis = 0; axis < low.size(); ++axis) {
    std::vector<Indices> longer;
    for (const Indices& start : all)
      for (int i = low[axis]; i <= high[axis] && longer.size() < kMaxGaps; ++i) {
        longer.push_back(start);
        longer.back().push_back(i);
      }
    all = std::move(longer);
  }
  return all;
}

// Lists the numbers for which a rule must exist.
std::vector<Indices> instances(const KeyRule& rule, const std::vector<KeyMatch>& matches) {
  const bool grouped = rule.need == KeyNeed::kWithGroup;
  const std::string_view group = grouped ? rule.note : numbered_part(rule.target());
  if (group.empty()) return {{}};
  const size_t holes = count_holes(group);
  Indices low, high;
  for (const KeyMatch& match : matches) {
    if (!std::string_view(match.rule->target()).starts_with(group)) continue;
    if (match.indices.size() != holes) continue;
    if (low.empty()) low = high = match.indices;
    for (size_t i = 0; i < low.size(); ++i) {
      low[i] = std::min(low[i], match.indices[i]);
      high[i] = std::max(high[i], match.indices[i]);
    }
  }
  if (low.empty() && grouped) return {};
  high.resize(holes);  // without any layer at all the first one is missing
  return box(grouped ? low : Indices(holes, 0), high);
}

// The number that follows `prefix` in a name, and what stands behind it.
struct Numbered {
  int number = 0;
  std::string_view rest;
};

std::optional<Numbered> number_behind(std::string_view prefix, std::string_view name) {
  if (prefix.empty() || !name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  const auto number = take_index(name);
  return number ? std::optional(Numbered{*number, name}) : std::nullopt;
}

// One more than the largest number behind `prefix`.
int count_behind(std::string_view prefix, const std::vector<std::string>& names) {
  int count = 0;
  for (const std::string& name : names)
    if (const auto found = number_behind(prefix, name)) count = std::max(count, found->number + 1);
  return count;
}

}  // namespace

std::vector<std::string> renumbered(const KeyFamily& family, std::vector<std::string> names) {
  const std::string_view prefix = family.optional_prefix;
  for (std::string& name : names)
    if (!prefix.empty() && name.starts_with(prefix)) name.erase(0, prefix.size());
  const auto& [from, to, numbering] = family.renumbering;
  if (numbering == Numbering::kSame) return names;
  const bool backwards = numbering == Numbering::kBackwards;
  const int count = count_behind(backwards ? from : to, names);
  for (std::string& name : names)
    if (const auto found = number_behind(from, name)) {
      const int number = backwards ? count - 1 - found->number : count + found->number;
      name = to + std::to_string(number) + std::string(found->rest);
    }
  return names;
}

std::optional<KeyMatch> match_key(const KeyFamily& family, const std::string& name) {
  std::string_view bare = name;
  const std::string_view prefix = family.optional_prefix;
  if (!prefix.empty() && bare.starts_with(prefix)) bare.remove_prefix(prefix.size());
  for (const std::span<const KeyRule> rules : {family.rules, std::span<const KeyRule>(kEverywhere)})
    for (const KeyRule& rule : rules)
      if (auto holes = match_pattern(rule.source, bare))
        return KeyMatch{&rule, holes->indices, holes->rest,
                        fill_pattern(rule.target(), holes->indices, holes->rest)};
  return std::nullopt;
}

size_t count_known(const KeyFamily& family, const std::vector<std::string>& names) {
  return static_cast<size_t>(std::count_if(
      names.begin(), names.end(),
      [&](const auto& name) { return match_key(family, name).has_value(); }));
}

std::vector<std::string> missing_keys(const KeyFamily& family,
                                      const std::vector<std::string>& names) {
  std::vector<KeyMatch> matches;
  Present present;
  for (const std::string& name : names) {
    auto match = match_key(family, name);
    if (!match) continue;
    present.emplace(match->published, match->rule->change);
    matches.push_back(std::move(*match));
  }
  std::vector<std::string> missing;
  for (const KeyRule& rule : family.rules) {
    if (rule.need != KeyNeed::kRequired && rule.need != KeyNeed::kWithGroup) continue;
    const bool open = std::string_view(rule.source).ends_with('*');
    const std::vector<std::string> rests =
        open ? std::vector<std::string>{"weight", "bias"} : std::vector<std::string>{""};
    for (const Indices& indices : instances(rule, matches))
      for (const std::string& rest : rests)
        if (!present.contains({fill_pattern(rule.target(), indices, rest), rule.change}))
          missing.push_back(fill_pattern(rule.source, indices, rest));
  }
  return missing;
}

}  // namespace svgen::weights
