// SPDX-License-Identifier: MIT
// The index names a file for each tensor; the files say the rest.
#include "weights/sharded_source.h"

#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <unordered_map>

#include "svgen/error.h"
#include "svgen/text.h"

namespace svgen::weights {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr uint64_t kMaxIndex = 64u << 20;
constexpr size_t kMaxShards = 1024, kListed = 8, kMaxName = 1024, kMaxFileName = 255;
constexpr int kMaxNesting = 8;
constexpr const char* kMap = "weight_map";

using WeightMap = std::map<std::string, std::string>;  // tensor -> file

[[noreturn]] void refuse_index(const fs::path& index, const std::string& expected,
                               const std::string& found) {
  refuse_file(index, "the index of the weights cannot be used; fetch it again", expected, found);
}

// Lists at most kListed of the names.
class Listing {
 public:
  void add(const std::string& name) {
    if (count_++ < kListed) text_ += (text_.empty() ? "" : ", ") + name;
  }
  bool empty() const { return count_ == 0; }
  std::string text() const {
    return count_ > kListed ? text_ + " and " + std::to_string(count_ - kListed) + " more" : text_;
  }

 private:
  size_t count_ = 0;
  std::string text_;
};

// The JSON library keeps the last of two equal keys; a tensor must not be promised twice.
json parse_index(const MappedFile& file) {
  if (file.size() > kMaxIndex)
    refuse_index(file.path(), "at most " + std::to_string(kMaxIndex) + " bytes",
                 std::to_string(file.size()));
  std::vector<std::set<std::string>> keys;
  const auto watch = [&](int depth, json::parse_event_t event, json& value) {
    if (depth > kMaxNesting) refuse_index(file.path(), "an index", "deeper nesting than in one");
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second)
      refuse_index(file.path(), "each name once",
                   "two of " + shortened(value.get<std::string>(), kMaxName));
    return true;
  };
  try {
    return json::parse(file.bytes(), watch);
  } catch (const json::exception& error) {
    refuse_index(file.path(), "JSON", error.what());
  }
}

bool is_plain_name(const std::string& file) {
  return !file.empty() && file.size() <= kMaxFileName && file != "." && file != ".." &&
         file.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
}

WeightMap read_map(const MappedFile& file) {
  const json index = parse_index(file);
  const auto map = index.is_object() ? index.find(kMap) : index.end();
  if (map == index.end() || !map->is_object() || map->empty())
    refuse_file(file.path(), "this JSON file is no index of weights; name the weights file itself",
                R"({"weight_map": {tensor: file, ...}})",
                index.is_object() && !index.empty()
                    ? "an object that begins with " + shortened(index.begin().key(), kMaxFileName)
                    : index.type_name());
  WeightMap files;
  for (const auto& [tensor, where] : map->items()) {
    const std::string name = printable(tensor);
    if (name.size() > kMaxName)
      refuse_index(file.path(), "names of tensors", shortened(name, kListed * kListed) + "...");
    if (!where.is_string() || !is_plain_name(where.get<std::string>()))
      refuse_index(file.path(), "a file beside the index for " + name,
                   shortened(where.dump(), kMaxFileName));
    files.emplace(name, where.get<std::string>());
  }
  return files;
}

class ShardedSource : public StateSource {
 public:
  explicit ShardedSource(fs::path index) : index_(std::move(index)) {}

  void add(const std::shared_ptr<StateSource>& shard) {
    for (const TensorInfo& info : shard->tensors()) {
      const auto [entry, is_new] = shards_.emplace(info.name, shard);
      if (!is_new)
        refuse_index(index_, "each tensor in one shard",
                     info.name + " in " + entry->second->path().filename().string() + " and " +
                         shard->path().filename().string());
      infos_.push_back(info);
    }
  }
  // Tensors that the index leaves out count as well: whether they belong to a model is for the
  // model to say.
  void check(const WeightMap& promised) const {
    Listing absent;
    for (const auto& [name, file] : promised) {
      const auto entry = shards_.find(name);
      if (entry == shards_.end() || entry->second->path().filename() != file)
        absent.add(name + " (" + file + ")");
    }
    if (absent.empty()) return;
    refuse_file(index_, "the index and its shards are of different weights; fetch them all again",
                "the tensors that the index promises", "none of these: " + absent.text());
  }

  const fs::path& path() const override { return index_; }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  at::Tensor read(const std::string& name) const override {
    const auto entry = shards_.find(name);
    if (entry != shards_.end()) return entry->second->read(name);
    throw WeightsError("the weights lack a tensor; check that they are the right ones",
                       {.expected = name,
                        .found = std::to_string(infos_.size()) + " other tensors",
                        .where = index_.string()});
  }

 private:
  fs::path index_;
  std::vector<TensorInfo> infos_;
  std::unordered_map<std::string, std::shared_ptr<StateSource>> shards_;
};

}  // namespace

bool is_json(const MappedFile& file) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::string_view start = file.bytes().substr(0, 4096);
  const size_t first = start.find_first_not_of(kBlank);
  // The length that a safetensors file starts with may look like a brace, but has zeros in it.
  return first != std::string_view::npos && start[first] == '{' &&
         start.find('\0') == std::string_view::npos;
}

std::shared_ptr<StateSource> open_sharded(
    const MappedFile& index,
    const std::function<std::shared_ptr<StateSource>(const fs::path&)>& open_shard) {
  const WeightMap promised = read_map(index);
  std::set<std::string> files;
  for (const auto& [tensor, file] : promised) files.insert(file);
  if (files.size() > kMaxShards)
    refuse_index(index.path(), "at most " + std::to_string(kMaxShards) + " shards",
                 std::to_string(files.size()));
  const fs::path folder = index.path().parent_path();
  Listing missing;
  std::error_code ignored;
  for (const std::string& file : files)
    if (!fs::is_regular_file(folder / file, ignored)) missing.add(file);
  if (!missing.empty())
    refuse_file(index.path(), "shards of the weights are missing; put them beside their index",
                missing.text(), "no such files");
  auto source = std::make_shared<ShardedSource>(index.path());
  for (const std::string& file : files) source->add(open_shard(folder / file));
  source->check(promised);
  return source;
}

void refuse_shard(const fs::path& file) {
  static const std::regex kShard("(.*)-([0-9]{5})-of-([0-9]{5})(\\.[a-z]+)");
  std::smatch parts;
  const std::string name = file.filename().string();
  if (name.size() > kMaxFileName || !std::regex_match(name, parts, kShard) || parts[3] == "00001")
    return;
  refuse_file(file, "this file is one shard of several; name their index instead",
              parts[1].str() + parts[4].str() + ".index.json",
              "shard " + std::to_string(std::stoi(parts[2])) + " of " +
                  std::to_string(std::stoi(parts[3])));
}

}  // namespace svgen::weights
