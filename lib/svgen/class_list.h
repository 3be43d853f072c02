// SPDX-License-Identifier: MIT
// A list of classes as users write it, which gives each image its class.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace svgen {

class ClassList {
 public:
  ClassList() = default;

  /// Reads "207,360", "0-9", names of the model's classes or the beginning of one ("ball,moo"), any
  /// mix of these, "all", or "random" (a function of seed and index). Case and blanks around a name
  /// do not matter, and names that hold commas are found whole. `count` classes exist; `names` may
  /// be empty. Throws ConfigurationError naming the entry that is wrong, and the numbers of the
  /// classes where a name means several; `where` is what the user set.
  static ClassList parse(const std::string& text, int64_t count,
                         const std::vector<std::string>& names,
                         const std::string& where = "property classes");

  /// Returns the class of image `index`: the entry at `index` modulo the length of the list, or
  /// random_class() of seed and index.
  int64_t at(uint64_t seed, int64_t index) const;

 private:
  std::vector<int64_t> classes_;  // empty: random
  int64_t count_ = 0;
};

}  // namespace svgen
