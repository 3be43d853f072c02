// SPDX-License-Identifier: MIT
// The two containers of torch.save and the walk from the pickled value to named tensors.
#include "weights/torch_archive.h"

#include <algorithm>
#include <unordered_map>

#include "data/zip_directory.h"
#include "svgen/text.h"
#include "weights/foreign_file.h"
#include "weights/torch_objects.h"

namespace svgen::weights {
namespace {

// The keys under which trainings keep the weights; the first one wins, and an average comes before
// its own source.
constexpr const char* kStateKeys[] = {
    "ema",   "model_ema",  "model_ema1",       "state_dict_ema", "ema_state_dict", "params_ema",
    "model", "state_dict", "model_state_dict", "module",         "params"};
constexpr int kMaxDepth = 64;
constexpr size_t kMaxVisits = 1u << 22, kMaxName = 1024;
// The number that the first pickle of a legacy file holds.
constexpr std::string_view kLegacyMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
constexpr int64_t kLegacyProtocol = 1001;

using FindStorage = std::function<std::optional<StorageRange>(std::string_view key)>;
using Found = std::vector<std::pair<std::string, PickleValue>>;

std::string key_text(const PickleValue& key) {
  if (key.has_text()) return printable(key.text().substr(0, kMaxName));
  return key.kind == PickleKind::kInt ? std::to_string(key.number) : "?";
}

bool is_tensor(const PickleValue& value) {
  return value.kind == PickleKind::kTensor || value.kind == PickleKind::kUnread;
}

class Flattener {
 public:
  Found walk(const PickleValue& root) {
    visit(root, {}, 0);
    return std::move(found_);
  }

 private:
  void visit(const PickleValue& value, const std::string& name, int depth) {
    // Values may contain themselves, or one another many times over.
    if (depth > kMaxDepth) throw PickleError("values nested deeper than in any state dict");
    if (name.size() > kMaxName) throw PickleError("names longer than in any state dict");
    if (is_tensor(value)) found_.emplace_back(name.empty() ? "0" : name, value);
    if (value.kind == PickleKind::kObject) return;
    const bool dict = value.kind == PickleKind::kDict;
    const auto& items = value.items();
    for (size_t i = dict ? 1 : 0; i < items.size(); i += dict ? 2 : 1) {
      if (++visits_ > kMaxVisits) throw PickleError("more values than any state dict needs");
      if (!items[i].has_node() && !is_tensor(items[i])) continue;
      const std::string key = dict ? key_text(items[i - 1]) : std::to_string(i);
      visit(items[i], name.empty() ? key : name + "." + key, depth + 1);
    }
  }

  Found found_;
  size_t visits_ = 0;
};

const PickleValue* lookup(const PickleValue& dict, std::string_view key) {
  const auto& items = dict.items();
  for (size_t i = 0; dict.kind == PickleKind::kDict && i + 1 < items.size(); i += 2)
    if (items[i].has_text() && items[i].text() == key) return &items[i + 1];
  return nullptr;
}

Found find_state(const PickleValue& root) {
  for (const char* key : kStateKeys) {
    const PickleValue* state = lookup(root, key);
    if (state == nullptr || state->kind != PickleKind::kDict) continue;
    Found found = Flattener().walk(*state);
    if (!found.empty()) return found;
  }
  return Flattener().walk(root);
}

std::string describe_object(const PickleValue& object) {
  const PickleValue* made_by = &object;
  // The class stands by itself, or as legacy files refer to it: ("module", class, file, code).
  for (int depth = 0; depth < 4 && made_by->has_node() && !made_by->items().empty(); ++depth)
    made_by = &made_by->items()[made_by->items().size() > 1 ? 1 : 0];
  return "an object of " +
         (made_by->has_text() ? std::string(made_by->text()) : "an unknown class");
}

// Describes what is there in place of tensors.
std::string describe_root(const PickleValue& root) {
  if (root.kind == PickleKind::kObject) return describe_object(root);
  const auto& items = root.items();
  for (size_t i = 0; root.kind == PickleKind::kDict && i + 1 < items.size(); i += 2)
    if (items[i + 1].kind == PickleKind::kObject)
      return "a dict whose " + key_text(items[i]) + " is " + describe_object(items[i + 1]);
  return "a value without tensors";
}

std::shared_ptr<StateSource> make_source(std::shared_ptr<const MappedFile> file,
                                         const PickleValue& root, const TorchObjects& objects,
                                         const FindStorage& find) {
  const Found found = find_state(root);
  if (found.empty())
    refuse_file(file->path(),
                "the file holds no tensors by name; save model.state_dict() with torch.save, not "
                "the model",
                "a dict of tensors", describe_root(root));
  std::vector<StoredTensor> tensors;
  for (const auto& [name, value] : found) tensors.push_back(objects.place(value, name, find));
  return std::make_shared<MappedSource>(std::move(file), std::move(tensors));
}

[[noreturn]] void refuse_byte_order(const MappedFile& file) {
  refuse_file(file.path(), "the file was saved on a big-endian machine; save it on another one",
              "little-endian numbers", "big-endian numbers");
}

constexpr std::string_view kPickle = "data.pkl";

std::string_view last_part(std::string_view name) {
  return name.substr(name.rfind('/') + 1);  // from 0 on without a slash
}
bool is_pickle(const std::string& name) {
  return last_part(name) == kPickle;
}
// TorchScript keeps its parameters in objects whose classes are code beside them.
bool is_program(const std::string& name) {
  return last_part(name) == "constants.pkl";
}

std::shared_ptr<StateSource> open_zip(const std::shared_ptr<const MappedFile>& file) {
  if (const auto names = zip_names(*file); std::none_of(names.begin(), names.end(), is_pickle) ||
                                           std::any_of(names.begin(), names.end(), is_program))
    refuse_file(file->path(), "the zip archive is not of torch.save", "data.pkl in it",
                foreign_archive(names));
  const auto entries = read_zip_directory(*file);
  // Everything lies in one folder named after the file; its name is found by the pickle's.
  std::string folder;
  const ZipEntry* pickle = nullptr;
  for (const auto& [name, entry] : entries) {
    if (!is_pickle(name)) continue;
    if (pickle != nullptr)
      refuse_file(file->path(), "the archive holds two pickles; it is not of torch.save",
                  "one data.pkl", folder + "data.pkl and " + name);
    folder = name.substr(0, name.size() - kPickle.size());
    pickle = &entry;
  }
  const auto order = entries.find(folder + "byteorder");
  if (order != entries.end() &&
      file->slice(order->second.offset, order->second.size, "the byte order") == "big")
    refuse_byte_order(*file);

  TorchObjects objects;
  PickleMachine machine(objects.hooks());
  std::string_view bytes = file->slice(pickle->offset, pickle->size, "the pickle");
  const PickleValue root = machine.run(bytes);
  const FindStorage find = [&](std::string_view key) -> std::optional<StorageRange> {
    const auto entry = entries.find(folder + "data/" + std::string(key));
    if (entry == entries.end()) return std::nullopt;
    return StorageRange{entry->second.offset, entry->second.size};
  };
  return make_source(file, root, objects, find);
}

using Ranges = std::unordered_map<std::string_view, StorageRange>;

// Finds the storages after the pickles: for each key in turn the number of elements and then the
// elements.
Ranges find_legacy_storages(const MappedFile& file, const PickleValue& keys,
                            const TorchObjects& objects, std::string_view bytes) {
  std::unordered_map<std::string_view, at::ScalarType> dtypes;
  for (const TorchStorage& storage : objects.storages())
    if (!dtypes.emplace(storage.key, storage.dtype).second && dtypes[storage.key] != storage.dtype)
      throw PickleError("storage " + std::string(storage.key) + " with two dtypes");
  Ranges ranges;
  uint64_t at = file.size() - bytes.size();
  for (const PickleValue& key : keys.items()) {
    const auto dtype = key.has_text() ? dtypes.find(key.text()) : dtypes.end();
    if (dtype == dtypes.end()) throw PickleError("the bytes of a storage that nobody described");
    const uint64_t count = file.number(at, 8, "the size of a storage");
    const uint64_t item = c10::elementSize(dtype->second);
    if (count > file.size() / item) throw PickleError("a storage larger than the file");
    at += 8;
    file.slice(at, count * item, "storage " + std::string(key.text()));
    ranges[key.text()] = {at, count * item};
    at += count * item;
  }
  return ranges;
}

std::shared_ptr<StateSource> open_legacy(const std::shared_ptr<const MappedFile>& file) {
  TorchObjects objects;
  PickleMachine machine(objects.hooks());
  std::string_view bytes = file->bytes();
  const PickleValue magic = machine.run(bytes);
  if (!magic.has_text() || magic.text() != kLegacyMagic)
    refuse_file(file->path(), "the pickle is not of torch.save; save a state dict with it",
                "the mark of torch.save at the start", "another value");
  const PickleValue protocol = machine.run(bytes);
  if (protocol.kind != PickleKind::kInt || protocol.number != kLegacyProtocol)
    throw PickleError("a version of torch.save's format other than 1001");
  const PickleValue system = machine.run(bytes);
  const PickleValue* little = lookup(system, "little_endian");
  if (little != nullptr && little->number == 0) refuse_byte_order(*file);
  const PickleValue root = machine.run(bytes);
  const PickleValue keys = machine.run(bytes);
  const Ranges ranges = find_legacy_storages(*file, keys, objects, bytes);
  const FindStorage find = [&](std::string_view key) -> std::optional<StorageRange> {
    const auto range = ranges.find(key);
    if (range == ranges.end()) return std::nullopt;
    return range->second;
  };
  return make_source(file, root, objects, find);
}

}  // namespace

bool is_torch_archive(const MappedFile& file) {
  return is_zip(file) || file.bytes()[0] == '\x80';
}

std::shared_ptr<StateSource> open_torch_archive(const std::shared_ptr<const MappedFile>& file) {
  try {
    return is_zip(*file) ? open_zip(file) : open_legacy(file);
  } catch (const PickleError& problem) {
    refuse_file(file->path(), "the pickled file is damaged or not a state dict; fetch it again",
                "what torch.save writes for a dict of tensors", problem.what());
  }
}

}  // namespace svgen::weights
