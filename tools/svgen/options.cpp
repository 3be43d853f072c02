// SPDX-License-Identifier: MIT
// The words of a command line.
#include "options.h"

#include <algorithm>
#include <charconv>

#include "svgen/error.h"
#include "svgen/suggest.h"
#include "svgen/text.h"

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

[[noreturn]] void refuse(const std::string& name, const std::string& expected,
                         const std::string& found) {
  throw ConfigurationError("an option has no such value",
                           {.expected = expected, .found = found, .where = "--" + name});
}

}  // namespace

Options::Options(const std::vector<Option>& table, const std::vector<std::string>& words)
    : table_(table) {
  bool only_words = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!is_utf8(word))
      throw ConfigurationError(
          "a word of the command line is not UTF-8: give the file another name",
          {.expected = "UTF-8", .found = printable(word), .where = "the command line"});
    if (only_words || !word.starts_with('-') || word == "-") {
      if (word.empty()) throw ConfigurationError("a name of a file is empty");
      words_.push_back(word);
      continue;
    }
    if (!word.starts_with("--"))
      throw ConfigurationError(
          "options have names, such as --" + table_.front().name,
          {.expected = "two dashes", .found = word, .where = "the command line"});
    if (word == "--") {
      only_words = true;
      continue;
    }
    const size_t sign = word.find('=');
    const std::string name = word.substr(2, sign == std::string::npos ? sign : sign - 2);
    const std::string given = sign == std::string::npos ? "" : word.substr(sign + 1);
    const bool takes_next = sign == std::string::npos && !known(table_, name).value.empty();
    const std::string* next = i + 1 < words.size() ? &words[i + 1] : nullptr;
    set(name, sign == std::string::npos ? nullptr : &given, takes_next ? next : nullptr);
    i += takes_next ? 1 : 0;
  }
}

void Options::set(const std::string& name, const std::string* given, const std::string* next) {
  const Option& option = known(table_, name);
  if (option.value.empty()) {
    if (given != nullptr) refuse(name, "no value: it is a switch", *given);
    values_[name] = "";
    return;
  }
  const std::string* value = given != nullptr ? given : next;
  if (value == nullptr || value->empty())
    throw ConfigurationError("--" + name + " needs a value: " + option.value);
  values_[name] = *value;
}

std::string Options::text(const std::string& name, const std::string& otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : found->second;
}

long Options::number(const std::string& name, long otherwise, long low, long high) const {
  if (!has(name)) return otherwise;
  const std::string value = text(name);
  long number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < low || number > high)
    refuse(name, "a whole number from " + std::to_string(low) + " to " + std::to_string(high),
           value);
  return number;
}

std::string Options::choice(const std::string& name,
                            const std::vector<std::string>& choices) const {
  const std::string value = text(name, choices.front());
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
  refuse(name, joined(choices), value);
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
