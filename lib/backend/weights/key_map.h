// SPDX-License-Identifier: MIT
// Tables that turn the tensor names of one checkpoint family into the published ones.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace svgen::weights {

enum class KeyNeed {
  kRequired,   // with indices: for every index from 0 to the largest one in the file
  kWithGroup,  // where any name of its `note` occurs: for every index between the extremes there
  kOptional,
  kSurplus,  // known, and a model may leave it unread; the note says why
};

/// Says how the tensor is changed. The thirds are stacked along the first axis; kFlatten makes one
/// of all axes but the first, kToConvolution a 1x1 convolution of a matrix, kAddFirstAxis one
/// tensor of a batch. kFlatten and kToConvolution leave a bias as it is.
enum class KeyChange {
  kNone,
  kQueryThird,
  kKeyThird,
  kValueThird,
  kDropFirstAxis,
  kFlatten,
  kToConvolution,
  kAddFirstAxis
};

struct KeyRule {
  const char* source;     // {} stands for a number, a final * for the rest (weight and bias)
  const char* published;  // the same holes; null: as the source
  KeyNeed need = KeyNeed::kRequired;
  KeyChange change = KeyChange::kNone;
  const char* note = "";  // kWithGroup: the start of the published patterns in the group

  const char* target() const { return published == nullptr ? source : published; }
};

/// How a spelling counts what stands behind a prefix: as the table does, from the other end, or
/// going on behind the last number of the target prefix.
enum class Numbering { kSame, kBackwards, kBehind };

/// Names that start with `from` and a number get `to` and another number before the table is asked.
struct Renumbering {
  const char* from = "";
  const char* to = "";
  Numbering numbering = Numbering::kSame;
};

struct KeyFamily {
  const char* title;
  const char* optional_prefix;  // dropped from names that start with it
  std::span<const KeyRule> rules;
  Renumbering renumbering = {};
};

/// The names without the family's optional prefix, renumbered: as match_key() takes them.
std::vector<std::string> renumbered(const KeyFamily& family, std::vector<std::string> names);

struct KeyMatch {
  const KeyRule* rule;
  std::vector<int> indices;
  std::string rest;       // what * stands for
  std::string published;  // the full name
};

/// The first rule that fits `name`, of the family or of what wrappers add to any model, or nothing.
std::optional<KeyMatch> match_key(const KeyFamily& family, const std::string& name);

/// Counts the `names` that have a rule.
size_t count_known(const KeyFamily& family, const std::vector<std::string>& names);

/// Names (in the family's spelling, renumbered, without optional prefix) that the table asks for,
/// given how many layers `names` has, and that are not among `names`.
std::vector<std::string> missing_keys(const KeyFamily& family,
                                      const std::vector<std::string>& names);

}  // namespace svgen::weights
