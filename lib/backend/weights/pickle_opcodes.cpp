// SPDX-License-Identifier: MIT
// The opcodes of Python's pickle, one table row each.
#include <array>
#include <bit>
#include <unordered_map>

#include "weights/pickle.h"

namespace svgen::weights {
namespace {

// Far above any state dict, low enough that a hostile file costs little time and memory.
constexpr size_t kMaxSteps = 1u << 22, kMaxStack = 1u << 20, kMaxMemo = 1u << 20;

enum class Takes { kNothing, kByte, kTwo, kFour, kEight, kTwoLines, kText1, kText4, kText8 };

struct Operand {
  uint64_t number = 0;
  std::string_view text, more;
};

class Run {
 public:
  Run(PickleMachine& owner, std::string_view& bytes) : machine(owner), bytes_(bytes) {}
  PickleValue finish();

  void push(const PickleValue& value) {
    if (stack_.size() >= kMaxStack) throw PickleError("too many values at once");
    stack_.push_back(value);
  }
  PickleValue pop() {
    const PickleValue value = top();
    stack_.pop_back();
    return value;
  }
  PickleValue top() const {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back()))
      throw PickleError("a step that finds no value");
    return stack_.back();
  }
  void mark() {
    if (marks_.size() >= kMaxStack) throw PickleError("too many marks at once");
    marks_.push_back(stack_.size());
  }
  std::vector<PickleValue> pop_to_mark() {
    if (marks_.empty()) throw PickleError("a step that finds no mark");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<PickleValue> values(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return values;
  }
  std::vector<PickleValue> pop_some(size_t count) {
    std::vector<PickleValue> values(count);
    for (size_t i = count; i-- > 0;) values[i] = pop();
    return values;
  }
  void push_node(PickleKind kind, std::vector<PickleValue> items = {}) {
    push(machine.make_node(kind, std::move(items)));
  }

  // Objects swallow what they are given: nobody here knows what it would have done to them.
  void extend_top(PickleKind kind, const std::vector<PickleValue>& values) {
    const PickleValue target = top();
    if (target.kind == PickleKind::kObject) return;
    if (target.kind != kind || (kind == PickleKind::kDict && values.size() % 2 != 0))
      throw PickleError("values added to something that cannot hold them");
    target.node->items.insert(target.node->items.end(), values.begin(), values.end());
  }

  void remember(uint64_t key) {
    if (memo_.size() >= kMaxMemo) throw PickleError("too many values to remember");
    memo_[key] = top();
  }
  void remember_next() { remember(memo_.size()); }
  void recall(uint64_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) throw PickleError("a reference to a value that was never stored");
    push(found->second);
  }

  void stop() { stopped_ = true; }

  PickleMachine& machine;

 private:
  std::string_view take(uint64_t count);
  std::string_view take_line();
  uint64_t take_number(int width);
  Operand take_operand(Takes takes);

  std::string_view& bytes_;
  std::vector<PickleValue> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, PickleValue> memo_;
  bool stopped_ = false;
};

PickleValue long_value(std::string_view digits) {
  if (digits.size() > 8) return PickleValue::of_text(PickleKind::kText, digits);
  uint64_t value = 0;
  const bool negative = !digits.empty() && static_cast<uint8_t>(digits.back()) >= 0x80;
  for (size_t i = 8; i-- > 0;) {
    const uint8_t fill = negative ? 0xff : 0;
    value = value << 8 | (i < digits.size() ? static_cast<uint8_t>(digits[i]) : fill);
  }
  return PickleValue::of(PickleKind::kInt, static_cast<int64_t>(value));
}

PickleValue float_value(uint64_t little_endian) {
  PickleValue value;
  value.kind = PickleKind::kFloat;
  value.real = std::bit_cast<double>(__builtin_bswap64(little_endian));
  return value;
}

template <PickleKind kKind, size_t kCount>
void push_tuple_of(Run& run, const Operand&) {
  run.push_node(kKind, run.pop_some(kCount));
}
template <PickleKind kKind>
void push_empty(Run& run, const Operand&) {
  run.push_node(kKind);
}
template <PickleKind kKind>
void push_marked(Run& run, const Operand&) {
  auto items = run.pop_to_mark();
  if (kKind == PickleKind::kDict && items.size() % 2 != 0)
    throw PickleError("a key without its value");
  run.push_node(kKind, std::move(items));
}
template <PickleKind kKind>
void extend_marked(Run& run, const Operand&) {
  const auto items = run.pop_to_mark();
  run.extend_top(kKind, items);
}
template <PickleKind kKind, size_t kCount>
void extend_some(Run& run, const Operand&) {
  const auto items = run.pop_some(kCount);
  run.extend_top(kKind, items);
}
template <PickleKind kKind, int kNumber>
void push_constant(Run& run, const Operand&) {
  run.push(PickleValue::of(kKind, kNumber));
}
void push_unsigned(Run& run, const Operand& operand) {
  run.push(PickleValue::of(PickleKind::kInt, static_cast<int64_t>(operand.number)));
}
void push_signed(Run& run, const Operand& operand) {
  run.push(PickleValue::of(PickleKind::kInt, static_cast<int32_t>(operand.number)));
}
void push_long(Run& run, const Operand& operand) {
  run.push(long_value(operand.text));
}
void push_float(Run& run, const Operand& operand) {
  run.push(float_value(operand.number));
}
void push_text(Run& run, const Operand& operand) {
  run.push(PickleValue::of_text(PickleKind::kText, operand.text));
}
void push_global(Run& run, const Operand& operand) {
  run.push(run.machine.make_global(operand.text, operand.more));
}
void push_stack_global(Run& run, const Operand&) {
  const auto parts = run.pop_some(2);
  if (!parts[0].has_text() || !parts[1].has_text()) throw PickleError("a name that is no text");
  run.push(run.machine.make_global(parts[0].text(), parts[1].text()));
}
// A registered number in place of a name; the registry is the writer's and unknown here.
void push_extension(Run& run, const Operand& operand) {
  run.push(run.machine.make_global("copyreg", std::to_string(operand.number)));
}
// Callable, arguments and, with three values, keyword arguments.
template <size_t kCount>
void call_some(Run& run, const Operand&) {
  const auto parts = run.pop_some(kCount);
  run.push(run.machine.call(parts[0], parts[1]));
}
void call_marked(Run& run, const Operand&) {
  auto parts = run.pop_to_mark();
  if (parts.empty()) throw PickleError("an object without a class");
  const PickleValue callable = parts.front();
  parts.erase(parts.begin());
  run.push(run.machine.call(callable, run.machine.make_node(PickleKind::kTuple, parts)));
}
void call_named(Run& run, const Operand& operand) {
  const PickleValue callable = run.machine.make_global(operand.text, operand.more);
  run.push(
      run.machine.call(callable, run.machine.make_node(PickleKind::kTuple, run.pop_to_mark())));
}
void push_persistent(Run& run, const Operand&) {
  run.push(run.machine.persistent(run.pop()));
}
void discard(Run& run, const Operand&) {
  run.pop();
}
void discard_marked(Run& run, const Operand&) {
  run.pop_to_mark();
}
// The state of an object: attributes that no tensor hangs on.
void build(Run& run, const Operand&) {
  run.pop();
  run.top();
}
void duplicate(Run& run, const Operand&) {
  run.push(run.top());
}
void mark(Run& run, const Operand&) {
  run.mark();
}
void remember(Run& run, const Operand& operand) {
  run.remember(operand.number);
}
void remember_next(Run& run, const Operand&) {
  run.remember_next();
}
void recall(Run& run, const Operand& operand) {
  run.recall(operand.number);
}
void stop(Run& run, const Operand&) {
  run.stop();
}
void skip(Run&, const Operand&) {}
void check_protocol(Run&, const Operand& operand) {
  if (operand.number < 2 || operand.number > 5)
    throw PickleError("protocol " + std::to_string(operand.number) + " instead of 2 to 5");
}

struct Opcode {
  uint8_t code;
  Takes takes;
  void (*step)(Run&, const Operand&);
};

using enum PickleKind;
constexpr Opcode kOpcodes[] = {
    {0x80, Takes::kByte, check_protocol},
    {0x95, Takes::kEight, skip},  // the size of a frame, which matters to streams only
    {'.', Takes::kNothing, stop},
    {'(', Takes::kNothing, mark},
    {'0', Takes::kNothing, discard},
    {'1', Takes::kNothing, discard_marked},
    {'2', Takes::kNothing, duplicate},
    {'N', Takes::kNothing, push_constant<kNone, 0>},
    {0x88, Takes::kNothing, push_constant<kBool, 1>},
    {0x89, Takes::kNothing, push_constant<kBool, 0>},
    {'J', Takes::kFour, push_signed},
    {'K', Takes::kByte, push_unsigned},
    {'M', Takes::kTwo, push_unsigned},
    {0x8a, Takes::kText1, push_long},
    {0x8b, Takes::kText4, push_long},
    {'G', Takes::kEight, push_float},
    {'U', Takes::kText1, push_text},
    {'T', Takes::kText4, push_text},
    {0x8c, Takes::kText1, push_text},
    {'X', Takes::kText4, push_text},
    {0x8d, Takes::kText8, push_text},
    {'C', Takes::kText1, push_text},
    {'B', Takes::kText4, push_text},
    {0x8e, Takes::kText8, push_text},
    {0x96, Takes::kText8, push_text},
    {')', Takes::kNothing, push_empty<kTuple>},
    {']', Takes::kNothing, push_empty<kList>},
    {'}', Takes::kNothing, push_empty<kDict>},
    {0x8f, Takes::kNothing, push_empty<kList>},  // a set
    {0x85, Takes::kNothing, push_tuple_of<kTuple, 1>},
    {0x86, Takes::kNothing, push_tuple_of<kTuple, 2>},
    {0x87, Takes::kNothing, push_tuple_of<kTuple, 3>},
    {'t', Takes::kNothing, push_marked<kTuple>},
    {'l', Takes::kNothing, push_marked<kList>},
    {'d', Takes::kNothing, push_marked<kDict>},
    {0x91, Takes::kNothing, push_marked<kList>},  // a frozen set
    {'a', Takes::kNothing, extend_some<kList, 1>},
    {'e', Takes::kNothing, extend_marked<kList>},
    {0x90, Takes::kNothing, extend_marked<kList>},
    {'s', Takes::kNothing, extend_some<kDict, 2>},
    {'u', Takes::kNothing, extend_marked<kDict>},
    {'c', Takes::kTwoLines, push_global},
    {0x93, Takes::kNothing, push_stack_global},
    {0x82, Takes::kByte, push_extension},
    {0x83, Takes::kTwo, push_extension},
    {0x84, Takes::kFour, push_extension},
    {'R', Takes::kNothing, call_some<2>},
    {0x81, Takes::kNothing, call_some<2>},
    {0x92, Takes::kNothing, call_some<3>},
    {'i', Takes::kTwoLines, call_named},
    {'o', Takes::kNothing, call_marked},
    {'b', Takes::kNothing, build},
    {'Q', Takes::kNothing, push_persistent},
    {'q', Takes::kByte, remember},
    {'r', Takes::kFour, remember},
    {0x94, Takes::kNothing, remember_next},
    {'h', Takes::kByte, recall},
    {'j', Takes::kFour, recall},
};

constexpr auto kOpcodeByCode = [] {
  std::array<const Opcode*, 256> table = {};
  for (const Opcode& row : kOpcodes) table[row.code] = &row;
  return table;
}();

std::string_view Run::take(uint64_t count) {
  if (count > bytes_.size()) throw PickleError("an end before the last step");
  const std::string_view taken = bytes_.substr(0, count);
  bytes_.remove_prefix(count);
  return taken;
}

std::string_view Run::take_line() {
  constexpr size_t kLongest = 1024;
  const size_t length = bytes_.substr(0, kLongest).find('\n');
  if (length == std::string_view::npos) throw PickleError("a name without an end");
  const std::string_view line = take(length);
  take(1);
  return line;
}

uint64_t Run::take_number(int width) {
  const std::string_view digits = take(static_cast<uint64_t>(width));
  uint64_t value = 0;
  for (int i = width - 1; i >= 0; --i) value = value << 8 | static_cast<uint8_t>(digits[i]);
  return value;
}

Operand Run::take_operand(Takes takes) {
  switch (takes) {
    case Takes::kNothing:
      return {};
    case Takes::kByte:
      return {take_number(1), {}, {}};
    case Takes::kTwo:
      return {take_number(2), {}, {}};
    case Takes::kFour:
      return {take_number(4), {}, {}};
    case Takes::kEight:
      return {take_number(8), {}, {}};
    case Takes::kText1:
      return {0, take(take_number(1)), {}};
    case Takes::kText4:
      return {0, take(take_number(4)), {}};
    case Takes::kText8:
      return {0, take(take_number(8)), {}};
    case Takes::kTwoLines: {
      const std::string_view first = take_line();
      return {0, first, take_line()};
    }
  }
  return {};
}

PickleValue Run::finish() {
  for (size_t steps = 0; !stopped_; ++steps) {
    if (steps >= kMaxSteps) throw PickleError("more steps than any state dict needs");
    const uint8_t code = static_cast<uint8_t>(take(1)[0]);
    const Opcode* opcode = kOpcodeByCode[code];
    if (opcode == nullptr)
      throw PickleError("a step of unknown kind (" + std::to_string(code) + ")");
    opcode->step(*this, take_operand(opcode->takes));
  }
  return pop();
}

}  // namespace

PickleValue PickleMachine::run(std::string_view& bytes) {
  return Run(*this, bytes).finish();
}

}  // namespace svgen::weights
