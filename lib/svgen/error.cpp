// SPDX-License-Identifier: MIT
// The text of an error.
#include "svgen/error.h"

#include <utility>
#include <vector>

#include "svgen/text.h"

namespace svgen {
namespace {

constexpr size_t kMaxPart = 64 << 10;  // bytes; more than any list of problems here

std::string readable(const std::string& text) {
  return shortened(text, kMaxPart);
}

}  // namespace

Error::Error(ErrorKind kind, const std::string& headline, const ErrorDetails& details)
    : std::runtime_error(readable(headline)),
      kind_(kind),
      details_{readable(details.expected), readable(details.found), readable(details.where)} {}

std::string Error::report() const {
  std::vector<std::string> parts;
  const std::pair<const char*, const std::string*> table[] = {
      {"expected ", &details_.expected}, {"found ", &details_.found}, {"in ", &details_.where}};
  for (const auto& [label, text] : table)
    if (!text->empty()) parts.push_back(label + *text);
  return parts.empty() ? what() : std::string(what()) + " (" + joined(parts, "; ") + ")";
}

}  // namespace svgen
