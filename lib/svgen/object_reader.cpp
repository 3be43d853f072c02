// SPDX-License-Identifier: MIT
// Reads one object of a model card.
#include "svgen/object_reader.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "svgen/text.h"

namespace svgen {
namespace {

using nlohmann::json;

constexpr int64_t kMaxSize = 1 << 20;  // no width, depth or count of a model is larger
constexpr uint64_t kMaxFileBytes = uint64_t{1} << 50;
constexpr size_t kMaxShown = 120;  // bytes of a key or value in a message, which stays readable

}  // namespace

ObjectReader::ObjectReader(const json& object, std::string where, Problems& problems)
    : object_(object), where_(std::move(where)), problems_(problems) {
  if (!object_.is_object()) problem("", "an object", object_.type_name());
}

// NOLINTNEXTLINE(bugprone-exception-escape): only where there is no memory for a message
ObjectReader::~ObjectReader() {
  if (!object_.is_object()) return;
  const std::string known = "one of the keys " + joined(known_);
  for (const auto& item : object_.items())
    if (!known_.contains(item.key())) problem(item.key(), known, "unknown key");
}

const json* ObjectReader::find(const std::string& key) {
  known_.insert(key);
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

void ObjectReader::read(const std::string& key, std::string& target) {
  const json* value = find(key);
  if (value == nullptr) return;
  if (value->is_string())
    target = value->get<std::string>();
  else
    problem(key, "a string", value->dump());
}

void ObjectReader::read(const std::string& key, int64_t& target, int64_t low) {
  if (const json* value = find(key)) read_integer(key, *value, target, low);
}

void ObjectReader::read(const std::string& key, double& target) {
  const json* value = find(key);
  if (value == nullptr) return;
  if (value->is_number() && std::isfinite(value->get<double>()))
    target = value->get<double>();
  else
    problem(key, "a finite number", value->dump());
}

void ObjectReader::read_positive(const std::string& key, double& target) {
  double number = 1;
  read(key, number);
  if (number <= 0)
    problem(key, "a number above 0", find(key)->dump());
  else if (find(key) != nullptr)
    target = number;
}

void ObjectReader::read(const std::string& key, std::optional<bool>& target) {
  const json* value = find(key);
  if (value == nullptr) return;
  if (value->is_boolean())
    target = value->get<bool>();
  else
    problem(key, "true or false", value->dump());
}

void ObjectReader::read(const std::string& key, std::vector<int64_t>& target, int64_t low) {
  const json* value = find_array(key);
  if (value == nullptr) return;
  for (const json& item : *value) {
    int64_t number = 0;
    read_integer(key, item, number, low);
    target.push_back(number);
  }
}

void ObjectReader::read(const std::string& key, std::vector<std::string>& target) {
  const json* value = find_array(key);
  if (value == nullptr) return;
  for (const json& item : *value)
    if (item.is_string())
      target.push_back(item.get<std::string>());
    else
      problem(key, "an array of strings", item.dump());
}

void ObjectReader::read_file(FileReference& target) {
  constexpr size_t kHexDigits = 64;
  read("file", target.file);
  read("sha256", target.sha256);
  read("url", target.url);
  if (const json* size = find("bytes"); size != nullptr) {
    if (size->is_number_unsigned() && size->get<uint64_t>() <= kMaxFileBytes)
      target.bytes = static_cast<int64_t>(size->get<uint64_t>());
    else
      problem("bytes", "the size of the file in bytes", size->dump());
  }
  const bool is_local = target.url.starts_with("http://127.0.0.1:");
  if (!target.url.empty() && !is_local && !target.url.starts_with("https://"))
    problem("url", "an address that begins with https://", target.url);
  require("file", "the name of a weights file");
  if (target.file.find('\0') != std::string::npos)
    problem("file", "a name without null characters", printable(target.file));
  const bool is_hex = target.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!target.sha256.empty() && (target.sha256.size() != kHexDigits || !is_hex))
    problem("sha256", "64 lower-case hex digits", target.sha256);
}

void ObjectReader::require(const std::string& key, const std::string& expected) {
  const json* value = find(key);
  const bool is_blank =
      value != nullptr && value->is_string() && value->get_ref<const std::string&>().empty();
  if (value == nullptr || is_blank) problem(key, expected, "nothing");
}

void ObjectReader::problem(const std::string& key, const std::string& expected,
                           const std::string& found) {
  problems_.push_back(shortened(path_of(key), kMaxShown) + ": expected " + expected + ", found " +
                      shortened(found, kMaxShown));
}

std::string ObjectReader::path_of(const std::string& key) const {
  if (key.empty()) return where_.empty() ? "the card" : where_;
  return where_.empty() ? key : where_ + "." + key;
}

const json* ObjectReader::find_array(const std::string& key) {
  const json* value = find(key);
  if (value == nullptr || value->is_array()) return value;
  problem(key, "an array", value->dump());
  return nullptr;
}

void ObjectReader::read_integer(const std::string& key, const json& value, int64_t& target,
                                int64_t low) {
  // Unsigned numbers above the range of int64_t are kept apart by the JSON library.
  const bool fits = value.is_number_integer() &&
                    (!value.is_number_unsigned() || value.get<uint64_t>() <= kMaxSize);
  if (fits && value.get<int64_t>() >= low && value.get<int64_t>() <= kMaxSize) {
    target = value.get<int64_t>();
  } else {
    problem(key, "an integer from " + std::to_string(low) + " to " + std::to_string(kMaxSize),
            value.dump());
  }
}

std::optional<std::string> ObjectReader::text_of(const std::string& key) {
  std::string text;
  read(key, text);
  const json* value = find(key);
  return value != nullptr && value->is_string() ? std::optional(text) : std::nullopt;
}

}  // namespace svgen
