// SPDX-License-Identifier: MIT
// The words of a command line: options by name, and the rest in order.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace svgen::cli {

struct Option {
  std::string name;   // without the dashes
  std::string value;  // what its value is called; empty: a switch
  std::string blurb;
  // The property of the command's element that takes the value, and checks it; empty: none does.
  std::string property = {};
  std::string element = {};  // which has that property; empty: any that the command asks
};

class Options {
 public:
  /// Reads "--name value", "--name=value", "--switch" and words; "--" ends the options.
  /// ConfigurationError for an option that is not in the table, one without its value or with an
  /// empty one, and a switch with a value.
  Options(const std::vector<Option>& table, const std::vector<std::string>& words);

  bool has(const std::string& name) const { return values_.contains(name); }
  /// The value, or `otherwise` where it was not given.
  std::string text(const std::string& name, const std::string& otherwise = "") const;
  /// Returns a value as a number from `low` to `high`. ConfigurationError for others.
  long number(const std::string& name, long otherwise, long low, long high) const;
  /// Returns a value as one of these words. ConfigurationError for others.
  std::string choice(const std::string& name, const std::vector<std::string>& choices) const;

  const std::vector<Option>& table() const { return table_; }
  const std::vector<std::string>& words() const { return words_; }

 private:
  void set(const std::string& name, const std::string* given, const std::string* next);

  std::vector<Option> table_;
  std::map<std::string, std::string> values_;
  std::vector<std::string> words_;
};

/// A line for each option, indented.
std::string described(const std::vector<Option>& table);

}  // namespace svgen::cli
