// SPDX-License-Identifier: MIT
// The values of the machine and what calls become; the opcodes are in pickle_opcodes.cpp.
#include "weights/pickle.h"

#include <algorithm>

namespace svgen::weights {
namespace {

// Python's own mappings, the only classes this machine builds by itself.
constexpr std::string_view kDicts[] = {"collections.OrderedDict", "builtins.dict",
                                       "__builtin__.dict", "collections.defaultdict"};

// Far above any state dict. Without them a short file could repeat a long value many times.
constexpr size_t kMaxItems = 1u << 22, kMaxGlobals = 1u << 16, kMaxGlobalName = 512;

// The first argument may list the pairs; defaultdict's is a function, which has no items.
std::vector<PickleValue> dict_items(const PickleValue& arguments) {
  std::vector<PickleValue> items;
  if (arguments.items().empty() || arguments.items()[0].kind != PickleKind::kList) return items;
  for (const PickleValue& pair : arguments.items()[0].items())
    if (pair.kind != PickleKind::kDict && pair.items().size() == 2)
      items.insert(items.end(), pair.items().begin(), pair.items().end());
  return items;
}

}  // namespace

const std::vector<PickleValue>& PickleValue::items() const {
  static const std::vector<PickleValue> none;
  return has_node() ? node->items : none;
}

PickleValue PickleValue::of(PickleKind kind, int64_t number) {
  PickleValue value;
  value.kind = kind;
  value.number = number;
  return value;
}

PickleValue PickleValue::of_text(PickleKind kind, std::string_view text) {
  if (text.size() > UINT32_MAX) throw PickleError("a text of more than 4 GiB");
  PickleValue value;
  value.kind = kind;
  value.length = static_cast<uint32_t>(text.size());
  value.characters = text.data();
  return value;
}

PickleValue PickleMachine::make_node(PickleKind kind, std::vector<PickleValue> items) {
  items_ += items.size();
  if (items_ > kMaxItems) throw PickleError("more values than any state dict needs");
  nodes_.push_back({std::move(items)});
  PickleValue value;
  value.kind = kind;
  value.node = &nodes_.back();
  return value;
}

PickleValue PickleMachine::make_global(std::string_view module, std::string_view name) {
  if (module.size() + name.size() > kMaxGlobalName || globals_.size() >= kMaxGlobals)
    throw PickleError("more names of classes than any state dict needs");
  std::string full(module);
  full.append(".").append(name);
  return PickleValue::of_text(PickleKind::kGlobal, *globals_.insert(std::move(full)).first);
}

PickleValue PickleMachine::call(const PickleValue& callable, const PickleValue& arguments) {
  if (callable.kind == PickleKind::kGlobal) {
    if (std::find(std::begin(kDicts), std::end(kDicts), callable.text()) != std::end(kDicts))
      return make_node(PickleKind::kDict, dict_items(arguments));
    if (hooks_.call)
      if (const auto value = hooks_.call(*this, callable.text(), arguments)) return *value;
  }
  return make_node(PickleKind::kObject, {callable});
}

PickleValue PickleMachine::persistent(const PickleValue& id) {
  if (hooks_.persistent)
    if (const auto value = hooks_.persistent(*this, id)) return *value;
  return make_node(PickleKind::kObject, {id});
}

}  // namespace svgen::weights
