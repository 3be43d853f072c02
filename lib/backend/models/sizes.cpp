// SPDX-License-Identifier: MIT
// Reading sizes from a file's shapes and comparing them with the card's.
#include "models/sizes.h"

#include <set>

#include "svgen/error.h"
#include "svgen/tensor.h"
#include "svgen/text.h"
#include "weights/advice.h"

namespace svgen::models {
namespace {

const char* yes_no(bool value) {
  return value ? "true" : "false";
}

std::string number_or_none(int64_t value) {
  return value == 0 ? "none" : std::to_string(value);
}

}  // namespace

int64_t file_size(const weights::StateSource& source, const std::string& tensor, size_t rank,
                  size_t dim) {
  const weights::TensorInfo* info = source.find(tensor);
  const std::string expected = std::to_string(rank) + " dimensions, none of them 0";
  const std::string where = source.path().string() + ", tensor " + tensor;
  if (!info)
    throw WeightsError(
        "the weights file lacks the tensor " + tensor + "; " + weights::advice(source, tensor),
        {.expected = expected, .found = "no such tensor", .where = where});
  weights::require_readable(*info, source.path());
  bool usable = info->shape.size() == rank;
  for (int64_t size : info->shape) usable = usable && size > 0;
  if (!usable) {
    const std::string trace = weights::trace_of(source);
    throw WeightsError("the tensor " + tensor + " has another shape than this model's" +
                           (trace.empty() ? "" : "; " + trace),
                       {.expected = expected, .found = shape_text(info->shape), .where = where});
  }
  return info->shape.at(dim);
}

bool file_has(const weights::StateSource& source, const std::string& tensor) {
  return source.find(tensor) != nullptr;
}

int64_t file_count(const weights::StateSource& source, const std::string& prefix) {
  std::set<std::string> numbers;
  for (const weights::TensorInfo& info : source.tensors())
    if (info.name.starts_with(prefix))
      numbers.insert(
          info.name.substr(prefix.size(), info.name.find('.', prefix.size()) - prefix.size()));
  int64_t count = 0;
  while (numbers.contains(std::to_string(count))) ++count;
  return count;
}

void MissingKeys::require(const std::string& key, int64_t value) {
  if (value <= 0) text_ += (text_.empty() ? "" : ", ") + key;
}

SizeCheck::SizeCheck(std::string role, const weights::StateSource& source)
    : role_(std::move(role)), file_(source.path().string()) {}

int64_t SizeCheck::settle(const std::string& key, int64_t card, int64_t file) {
  if (card != 0 && card != file) reject(key, std::to_string(file), std::to_string(card));
  return file;
}

bool SizeCheck::settle_flag(const std::string& key, bool card, bool file) {
  if (card != file) reject(key, yes_no(file), yes_no(card));
  return file;
}

std::vector<int64_t> SizeCheck::settle(const std::string& key, const std::vector<int64_t>& card,
                                       const std::vector<int64_t>& file) {
  if (!card.empty() && card != file) reject(key, shape_text(file), shape_text(card));
  return file;
}

void SizeCheck::reject(const std::string& key, const std::string& expected,
                       const std::string& found) {
  keys_.push_back(role_ + "." + key);
  expected_.push_back(keys_.back() + " " + expected);
  found_.push_back(keys_.back() + " " + found);
}

void SizeCheck::require_heads(const std::string& key, int64_t heads, int64_t width) {
  if (heads <= 0 || width % heads != 0)
    reject(key, "a divisor of " + std::to_string(width), number_or_none(heads));
}

void SizeCheck::require_rotary_heads(const std::string& key, int64_t heads, int64_t width) {
  if (heads <= 0 || width % (4 * heads) != 0)
    reject(key, "a number whose fourfold divides " + std::to_string(width), number_or_none(heads));
}

void SizeCheck::require_cells(int64_t card, int64_t file) {
  if (card != file) reject("grid", std::to_string(file) + " cells", std::to_string(card));
}

void SizeCheck::finish() const {
  if (keys_.empty()) return;
  throw ConfigurationError(
      "the model card does not fit its weights file: correct " + joined(keys_, "; "),
      {.expected = joined(expected_, "; "), .found = joined(found_, "; "), .where = file_});
}

}  // namespace svgen::models
