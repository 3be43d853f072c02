// SPDX-License-Identifier: MIT
// Numbers as structure and as JSON.
#include "svg/report.h"

#include <algorithm>
#include <cmath>

#include "svgen/text.h"

namespace svgen::gst {
namespace {

std::string json_number(const Report::Value& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return std::to_string(*integer);
  const double real = std::get<double>(value);
  return std::isfinite(real) ? number_text(real) : "null";
}

}  // namespace

Report& Report::add(const char* name, Value value) {
  entries_.emplace_back(name, value);
  return *this;
}

StructurePtr Report::structure(const char* message) const {
  StructurePtr structure(gst_structure_new_empty(message));
  for (const auto& [name, value] : entries_) {
    if (const auto* integer = std::get_if<int64_t>(&value)) {
      gst_structure_set(structure.get(), name.c_str(), G_TYPE_INT64, *integer, nullptr);
    } else {
      gst_structure_set(structure.get(), name.c_str(), G_TYPE_DOUBLE, std::get<double>(value),
                        nullptr);
    }
  }
  return structure;
}

std::string Report::json() const {
  std::string text;
  for (const auto& [name, value] : entries_) {
    std::string key = name;
    std::replace(key.begin(), key.end(), '-', '_');
    text += (text.empty() ? "{\"" : ", \"") + key + "\": " + json_number(value);
  }
  return (text.empty() ? "{" : text) + "}\n";
}

}  // namespace svgen::gst
