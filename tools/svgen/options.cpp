// SPDX-License-Identifier: MIT
// The words of a command line.
#include "options.h"

#include <algorithm>
#include <charconv>

#include "suggest.h"
#include "svgen/error.h"

namespace svgen::cli {
namespace {

constexpr size_t kColumn = 24;  // where the blurbs begin

const Option& known(const std::vector<Option>& table, const std::string& name) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Option& option) { return option.name == name; });
  if (found != table.end()) return *found;
  std::vector<std::string> names;
  for (const Option& option : table) names.push_back("--" + option.name);
  const std::string meant = suggestion("--" + name, names);
  throw ConfigurationError("there is no option --" + name + (meant.empty() ? "" : ": " + meant));
}

}  // namespace

Options::Options(const std::vector<Option>& table, const std::vector<std::string>& words) {
  bool only_words = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (only_words || !word.starts_with("-") || word == "-") {
      words_.push_back(word);
      continue;
    }
    if (!word.starts_with("--"))
      throw ConfigurationError("options have names, such as --" + table.front().name,
                               {"two dashes", word, "the command line"});
    if (word == "--") {
      only_words = true;
      continue;
    }
    const size_t sign = word.find('=');
    const Option& option =
        known(table, word.substr(2, sign == std::string::npos ? sign : sign - 2));
    if (sign != std::string::npos) {
      values_[option.name] = word.substr(sign + 1);
    } else if (option.value.empty()) {
      values_[option.name] = "";
    } else if (i + 1 < words.size()) {
      values_[option.name] = words[++i];
    } else {
      throw ConfigurationError("--" + option.name + " needs a value: " + option.value);
    }
  }
}

std::string Options::text(const std::string& name, const std::string& otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : found->second;
}

long Options::number(const std::string& name, long otherwise, long low) const {
  if (!has(name)) return otherwise;
  const std::string value = text(name);
  long number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < low)
    throw ConfigurationError("an option has no such value",
                             {"a whole number from " + std::to_string(low), value, "--" + name});
  return number;
}

std::string described(const std::vector<Option>& table) {
  std::string text;
  for (const Option& option : table) {
    std::string line = "  --" + option.name + (option.value.empty() ? "" : " " + option.value);
    line.resize(std::max(kColumn, line.size() + 2), ' ');
    text += line + option.blurb + "\n";
  }
  return text;
}

}  // namespace svgen::cli
