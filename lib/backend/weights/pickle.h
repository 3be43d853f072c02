// SPDX-License-Identifier: MIT
// A machine that reads a Python pickle as data: it builds values and never runs anything.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace svgen::weights {

enum class PickleKind {
  kNone,
  kBool,     // number
  kInt,      // number
  kFloat,    // real
  kText,     // text, also for bytes and for integers of more than 64 bits
  kGlobal,   // text: "module.name" of a class or function, which is only a name here
  kTuple,    // node
  kList,     // node; sets too
  kDict,     // node: key, value, key, value, ...
  kObject,   // node: an inert stand-in; its one item is what it would have been made by
  kStorage,  // number: chosen by the hooks
  kTensor,   // number: chosen by the hooks
  kUnread,   // number: chosen by the hooks; a tensor of a form that they know and cannot read
};

struct PickleNode;

/// A value of the pickled data. Texts point into the pickle, nodes into the machine.
struct PickleValue {
  PickleKind kind = PickleKind::kNone;
  uint32_t length = 0;
  union {
    int64_t number = 0;
    double real;
    const char* characters;
    PickleNode* node;
  };

  std::string_view text() const { return {characters, length}; }
  bool has_text() const { return kind == PickleKind::kText || kind == PickleKind::kGlobal; }
  bool has_node() const { return kind >= PickleKind::kTuple && kind <= PickleKind::kObject; }
  /// Items of a node, of a dict alternately keys and values; none for other kinds.
  const std::vector<PickleValue>& items() const;

  static PickleValue of(PickleKind kind, int64_t number);
  static PickleValue of_text(PickleKind kind, std::string_view text);
};

struct PickleNode {
  std::vector<PickleValue> items;
};

class PickleMachine;

/// Lets the owner of the data give names a meaning. Where a hook returns nothing the value becomes
/// an inert object.
struct PickleHooks {
  /// A call of the global `name` with a tuple of arguments.
  std::function<std::optional<PickleValue>(PickleMachine&, std::string_view name,
                                           const PickleValue& arguments)>
      call;
  /// A reference to something stored outside the pickle.
  std::function<std::optional<PickleValue>(PickleMachine&, const PickleValue& id)> persistent;
};

/// Says why a pickle cannot be read: cut off, malformed, too large, or of a protocol before 2.
class PickleError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads one pickle (protocols 2 to 5) at a time. Values live as long as the machine and the
/// bytes do; cyclic data is allowed, so whoever walks it bounds the depth.
class PickleMachine {
 public:
  explicit PickleMachine(PickleHooks hooks) : hooks_(std::move(hooks)) {}
  PickleMachine(const PickleMachine&) = delete;
  PickleMachine& operator=(const PickleMachine&) = delete;

  /// Reads the pickle that `bytes` starts with and moves `bytes` past it, or throws PickleError.
  PickleValue run(std::string_view& bytes);

  PickleValue make_node(PickleKind kind, std::vector<PickleValue> items);
  /// A global of this name.
  PickleValue make_global(std::string_view module, std::string_view name);
  /// The value of a call: a dict, what the hook makes of it, or an inert object.
  PickleValue call(const PickleValue& callable, const PickleValue& arguments);
  /// The value a reference to the outside stands for.
  PickleValue persistent(const PickleValue& id);

 private:
  PickleHooks hooks_;
  std::deque<PickleNode> nodes_;
  size_t items_ = 0;
  std::set<std::string, std::less<>> globals_;
};

}  // namespace svgen::weights
