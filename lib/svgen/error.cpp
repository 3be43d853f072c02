// SPDX-License-Identifier: MIT
// The text of an error.
#include "svgen/error.h"

#include <utility>

namespace svgen {

Error::Error(ErrorKind kind, const std::string& headline, ErrorDetails details)
    : std::runtime_error(headline), kind_(kind), details_(std::move(details)) {}

std::string Error::report() const {
  std::string parts;
  const std::pair<const char*, const std::string*> table[] = {
      {"expected ", &details_.expected}, {"found ", &details_.found}, {"in ", &details_.where}};
  for (const auto& [label, text] : table) {
    if (text->empty()) continue;
    parts += (parts.empty() ? "" : "; ") + (label + *text);
  }
  return parts.empty() ? what() : std::string(what()) + " (" + parts + ")";
}

}  // namespace svgen
