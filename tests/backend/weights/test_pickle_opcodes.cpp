// SPDX-License-Identifier: MIT
// Each opcode of a pickle builds its value, and malformed ones are refused.
#include <sstream>

#include "support.h"
#include "weights/pickle.h"

namespace svgen::weights {
namespace {

using namespace std::string_literals;
using namespace testing;

// Returns a value nearly as Python would print it.
std::string show(const PickleValue& value) {
  std::ostringstream out;
  const char* brackets = "";
  switch (value.kind) {
    case PickleKind::kNone:
      return "None";
    case PickleKind::kBool:
      return value.number != 0 ? "True" : "False";
    case PickleKind::kInt:
      return std::to_string(value.number);
    case PickleKind::kFloat:
      out << value.real;
      return out.str();
    case PickleKind::kText:
      return "'" + std::string(value.text()) + "'";
    case PickleKind::kGlobal:
      return std::string(value.text());
    case PickleKind::kTuple:
      brackets = "()";
      break;
    case PickleKind::kList:
      brackets = "[]";
      break;
    case PickleKind::kDict:
      brackets = "{}";
      break;
    default:
      brackets = "<>";
  }
  out << brackets[0];
  for (size_t i = 0; i < value.items().size(); ++i)
    out << (i > 0 ? " " : "") << show(value.items()[i]);
  out << brackets[1];
  return out.str();
}

struct Sample {
  std::string bytes, shown;
};

const Sample kSamples[] = {
    {"N", "None"},
    {"\x88", "True"},
    {"\x89", "False"},
    {"K\xff", "255"},
    {"M\x01\x02", "513"},
    {"J\xff\xff\xff\xff", "-1"},
    {"\x8a\x00"s, "0"},
    {"\x8a\x01\x80", "-128"},
    {"\x8a\x02\xff\x00"s, "255"},
    {"\x8b\x01\x00\x00\x00\x05"s, "5"},
    {"\x8a\x09"s + "123456789", "'123456789'"},
    {"G\x3f\xf8\x00\x00\x00\x00\x00\x00"s, "1.5"},
    {"U\x02hi", "'hi'"},
    {"T\x02\x00\x00\x00hi"s, "'hi'"},
    {"\x8c\x02hi", "'hi'"},
    {"X\x02\x00\x00\x00hi"s, "'hi'"},
    {"\x8d\x02\x00\x00\x00\x00\x00\x00\x00hi"s, "'hi'"},
    {"C\x02hi", "'hi'"},
    {"B\x02\x00\x00\x00hi"s, "'hi'"},
    {"\x8e\x02\x00\x00\x00\x00\x00\x00\x00hi"s, "'hi'"},
    {"\x96\x02\x00\x00\x00\x00\x00\x00\x00hi"s, "'hi'"},
    {")", "()"},
    {"]", "[]"},
    {"}", "{}"},
    {"\x8f", "[]"},
    {"N\x85", "(None)"},
    {"NK\x01\x86", "(None 1)"},
    {"NK\x01K\x02\x87", "(None 1 2)"},
    {"(NNNNt", "(None None None None)"},
    {"(NNl", "[None None]"},
    {"(K\x01Nd", "{1 None}"},
    {"(N\x91", "[None]"},
    {"]Na", "[None]"},
    {"](NNe", "[None None]"},
    {"\x8f(NN\x90", "[None None]"},
    {"}K\x01Ns", "{1 None}"},
    {"}(K\x01NK\x02Nu", "{1 None 2 None}"},
    {"cos\nsystem\n", "os.system"},
    {"U\x02osU\x06system\x93", "os.system"},
    {"\x82\x07", "copyreg.7"},
    {"\x83\x07\x00"s, "copyreg.7"},
    {"\x84\x07\x00\x00\x00"s, "copyreg.7"},
    {"cos\nsystem\nN\x85R", "<os.system>"},
    {"ca\nB\n)\x81", "<a.B>"},
    {"ca\nB\n)}\x92", "<a.B>"},
    {"(K\x01ia\nB\n", "<a.B>"},
    {"(ca\nB\nK\x01o", "<a.B>"},
    {"ca\nB\n)\x81}b", "<a.B>"},
    {"ca\nB\n)\x81Na", "<a.B>"},
    {"U\x01xQ", "<'x'>"},
    {"K\x01q\x05K\x02h\x05\x87"s.insert(0, "N"), "(1 2 1)"},
    {"K\x01r\x05\x01\x00\x00j\x05\x01\x00\x00\x86"s, "(1 1)"},
    {"K\x01\x94K\x02\x94h\x00\x87"s, "(1 2 1)"},
    {"K\x01"s + "2\x86", "(1 1)"},
    {"K\x01K\x02"s + "0", "1"},
    {"K\x01(K\x02K\x03"s + "1", "1"},
    {"\x95\x03\x00\x00\x00\x00\x00\x00\x00K\x01"s, "1"},
};

TEST(PickleOpcodes, BuildValues) {
  for (const Sample& sample : kSamples) {
    PickleMachine machine({});
    const std::string bytes = "\x80\x04" + sample.bytes + ".";
    std::string_view rest = bytes;
    EXPECT_EQ(show(machine.run(rest)), sample.shown);
    EXPECT_TRUE(rest.empty());
  }
}

TEST(PickleOpcodes, StopLeavesTheBytesThatFollow) {
  PickleMachine machine({});
  std::string_view rest = "\x80\x02N.next";
  machine.run(rest);
  EXPECT_EQ(rest, "next");
}

TEST(PickleOpcodes, RefuseWhatCannotBe) {
  const std::string bad[] = {
      "",
      "\x80",
      "\x80\x02",
      "\x80\x02.",
      "\x80\x00N."s,
      "\x80\x06N.",
      "h\x01.",
      "j\x01\x00\x00\x00."s,
      "R.",
      "NR.",
      "t.",
      "NNt.",
      "(Nd.",
      "}(Nu.",
      "NNa.",
      "K\x01(Ne.",
      "]NNs.",
      "q\x01.",
      "X\xff\xff\xff\xff.",
      "X\x05\x00\x00\x00hi."s,
      "\x8d\xff\xff\xff\xff\xff\xff\xff\xffhi.",
      "cos\n",
      "cos\nsystem",
      "NN\x93.",
      "(o.",
      "\xff.",
      "I1\n.",
      "0.",
      "2.",
      "b.",
      "N(0.",
      "(.",
      "\x85.",
      "\x94.",
      "c" + std::string(5000, 'a') + "\nb\n.",
  };
  for (const std::string& bytes : bad) {
    PickleMachine machine({});
    std::string_view rest = bytes;
    EXPECT_THROW(machine.run(rest), PickleError) << ::testing::PrintToString(bytes);
  }
}

TEST(PickleOpcodes, BoundStepsStackMarksAndMemo) {
  std::string memo = "N";
  for (int i = 0; i < 1100000; ++i) memo += "\x94";
  std::string lists;
  for (int i = 0; i < 2200000; ++i) lists += "]0";
  for (const std::string& bytes :
       {std::string(1100000, ']'), std::string(1100000, '('), memo, lists + "N."}) {
    PickleMachine machine({});
    std::string_view rest = bytes;
    EXPECT_THROW(machine.run(rest), PickleError);
  }
}

TEST(PickleOpcodes, SurviveDeepNesting) {
  PickleMachine machine({});
  const std::string bytes = "]" + std::string(1000000, '\x85') + ".";
  std::string_view rest = bytes;
  EXPECT_EQ(machine.run(rest).kind, PickleKind::kTuple);
}

}  // namespace
}  // namespace svgen::weights
