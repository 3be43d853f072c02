// SPDX-License-Identifier: MIT
// Calls and references in a pickle become values, or are refused.
#include "weights/pickle.h"

#include "support.h"

namespace svgen::weights {
namespace {

using namespace testing;
using pickle::call;
using pickle::global;
using pickle::text;

PickleValue run(PickleMachine& machine, const std::string& bytes) {
  static std::string kept;  // values point into it
  kept = pickle::whole(bytes);
  std::string_view rest = kept;
  return machine.run(rest);
}

TEST(PickleMachine, MakesAnInertObjectOfAnUnknownCallAndRunsNothing) {
  const ScratchFolder folder;
  const auto mark = folder.path() / "executed";
  PickleMachine machine({});
  for (const char* module : {"os", "posix", "nt"}) {
    const PickleValue value =
        run(machine, call(global(module, "system"), {text("touch " + mark.string())}));
    ASSERT_EQ(value.kind, PickleKind::kObject);
    EXPECT_EQ(value.items()[0].text(), std::string(module) + ".system");
  }
  EXPECT_FALSE(std::filesystem::exists(mark));
}

TEST(PickleMachine, BuildsPythonsOwnMappings) {
  PickleMachine machine({});
  for (const auto& [module, name] :
       {std::pair{"collections", "OrderedDict"}, {"builtins", "dict"}, {"__builtin__", "dict"}})
    EXPECT_EQ(run(machine, call(global(module, name), {})).kind, PickleKind::kDict);
  const std::string factory = global("builtins", "list");
  EXPECT_TRUE(run(machine, call(global("collections", "defaultdict"), {factory})).items().empty());
}

TEST(PickleMachine, FillsAMappingFromAListOfPairs) {
  PickleMachine machine({});
  const std::string pair = "](" + text("key") + text("value") + "e";
  const PickleValue dict =
      run(machine, call(global("collections", "OrderedDict"), {"](" + pair + "e"}));
  ASSERT_EQ(dict.items().size(), 2u);
  EXPECT_EQ(dict.items()[0].text(), "key");
  EXPECT_EQ(dict.items()[1].text(), "value");
}

TEST(PickleMachine, AsksTheHooksFirst) {
  PickleHooks hooks;
  hooks.call = [](PickleMachine&, std::string_view name, const PickleValue& arguments) {
    return name == "a.b" ? std::optional(arguments.items()[0]) : std::nullopt;
  };
  hooks.persistent = [](PickleMachine&, const PickleValue&) {
    return std::optional(PickleValue::of(PickleKind::kStorage, 7));
  };
  PickleMachine machine(hooks);
  EXPECT_EQ(run(machine, call(global("a", "b"), {text("x")})).text(), "x");
  EXPECT_EQ(run(machine, call(global("a", "c"), {text("x")})).kind, PickleKind::kObject);
  EXPECT_EQ(run(machine, text("key") + "Q").number, 7);
}

TEST(PickleMachine, CallsOfObjectsAreInertToo) {
  PickleMachine machine({});
  const std::string getter = call(global("builtins", "getattr"), {text("a"), text("b")});
  EXPECT_EQ(run(machine, call(getter, {})).kind, PickleKind::kObject);
}

TEST(PickleMachine, RefusesToRepeatALongListOverAndOver) {
  // A list of a thousand pairs is memoized, then made into a dict ten thousand times.
  std::string bytes = "](";
  for (int i = 0; i < 1000; ++i) bytes += "NN\x86";
  bytes +=
      "eq\x01"
      "0";
  for (int i = 0; i < 10000; ++i) bytes += global("builtins", "dict") + "h\x01\x85R0";
  PickleMachine machine({});
  EXPECT_THROW(run(machine, bytes + "N"), PickleError);
}

TEST(PickleMachine, RefusesFloodsOfNames) {
  std::string bytes;
  for (int i = 0; i < 70000; ++i) bytes += global("a", std::to_string(i)) + "0";
  PickleMachine machine({});
  EXPECT_THROW(run(machine, bytes + "N"), PickleError);
}

}  // namespace
}  // namespace svgen::weights
