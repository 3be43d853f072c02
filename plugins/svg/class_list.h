// SPDX-License-Identifier: MIT
// The `classes` property: which class each image gets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace svgen::gst {

class ClassList {
 public:
  ClassList() = default;

  /// Reads "207,360", "0-9", names of the model's classes ("ball,car"), any mix of these, "all", or
  /// "random" (a function of seed and index). `count` classes exist; `names` may be empty. Throws
  /// ConfigurationError naming the entry that is wrong.
  static ClassList parse(const std::string& text, int64_t count,
                         const std::vector<std::string>& names);

  /// The class of image `index`: entry index mod length, or the random one.
  int64_t at(uint64_t seed, int64_t index) const;

 private:
  std::vector<int64_t> classes_;  // empty: random
  int64_t count_ = 0;
};

}  // namespace svgen::gst
