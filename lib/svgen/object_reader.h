// SPDX-License-Identifier: MIT
// Reads one object of a model card and notes everything that is wrong with it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "svgen/card.h"
#include "svgen/error.h"
#include "svgen/sampling.h"

namespace svgen {

using Problems = std::vector<std::string>;

/// Remembers the keys asked for, so that it can report the others at its end.
class ObjectReader {
 public:
  /// `where` is the object's key in the card, empty for the card itself. The references must
  /// outlive the reader.
  ObjectReader(const nlohmann::json& object, std::string where, Problems& problems);
  ~ObjectReader();
  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;

  /// Returns null when the key is not there.
  const nlohmann::json* find(const std::string& key);

  // Each reads a key when it is there. A value of another type or out of range is noted as a
  // problem and leaves the target alone.
  void read(const std::string& key, std::string& target);
  void read(const std::string& key, int64_t& target, int64_t low = 1);
  void read(const std::string& key, double& target);
  void read_positive(const std::string& key, double& target);
  void read(const std::string& key, std::optional<bool>& target);
  void read(const std::string& key, std::vector<int64_t>& target, int64_t low);
  void read(const std::string& key, std::vector<std::string>& target);
  void read_file(FileReference& target);

  /// Reads an enum by its table of names.
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void read(const std::string& key, Enum& target) {
    const std::optional<std::string> name = text_of(key);
    if (!name) return;
    try {
      target = parse_name<Enum>(*name);
    } catch (const Error& error) {
      problem(key, error.expected(), *name);
    }
  }

  /// Reads a nested object with `fill(reader, value)` when the key is there.
  template <typename Value, typename Fill>
  void read_object(const std::string& key, std::optional<Value>& target, Fill fill) {
    const nlohmann::json* value = find(key);
    if (value == nullptr) return;
    ObjectReader reader(*value, path_of(key), problems_);
    fill(reader, target.emplace());
  }

  /// Notes a problem when the key is missing or its value is an empty text.
  void require(const std::string& key, const std::string& expected);

  void problem(const std::string& key, const std::string& expected, const std::string& found);

 private:
  std::string path_of(const std::string& key) const;
  std::optional<std::string> text_of(const std::string& key);
  const nlohmann::json* find_array(const std::string& key);
  void read_integer(const std::string& key, const nlohmann::json& value, int64_t& target,
                    int64_t low);

  const nlohmann::json& object_;
  std::string where_;
  Problems& problems_;
  std::set<std::string> known_;
};

}  // namespace svgen
