// SPDX-License-Identifier: MIT
// One object of a card: what is read, and what is a problem.
#include "svgen/object_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

namespace svgen {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Problems problems_of(const char* text, const std::function<void(ObjectReader&)>& read) {
  const nlohmann::json object = nlohmann::json::parse(text);
  Problems problems;
  {
    ObjectReader reader(object, "part", problems);
    read(reader);
  }
  return problems;
}

TEST(ObjectReader, ReadsEachKind) {
  int64_t number = 0;
  double real = 0;
  std::string text;
  std::optional<bool> flag;
  std::vector<int64_t> numbers;
  SolverKind solver = SolverKind::kEuler;
  EXPECT_THAT(problems_of(R"({"n": 3, "r": 0.5, "t": "x", "f": true, "a": [1, 2], "s": "heun"})",
                          [&](ObjectReader& reader) {
                            reader.read("n", number);
                            reader.read("r", real);
                            reader.read("t", text);
                            reader.read("f", flag);
                            reader.read("a", numbers, 1);
                            reader.read("s", solver);
                          }),
              IsEmpty());
  EXPECT_EQ(number, 3);
  EXPECT_EQ(real, 0.5);
  EXPECT_EQ(text, "x");
  EXPECT_EQ(flag, true);
  EXPECT_THAT(numbers, ElementsAre(1, 2));
  EXPECT_EQ(solver, SolverKind::kHeun);
}

TEST(ObjectReader, NamesTheKeyAndLeavesTheTargetAlone) {
  int64_t number = 7;
  SolverKind solver = SolverKind::kHeun;
  EXPECT_THAT(
      problems_of(R"({"n": -1, "s": "newton"})",
                  [&](ObjectReader& reader) {
                    reader.read("n", number);
                    reader.read("s", solver);
                  }),
      ElementsAre("part.n: expected an integer from 1 to 1048576, found -1",
                  "part.s: expected one of euler, heun, midpoint, rk4, multistep, dopri5, "
                  "dopri5-published, euler-maruyama, stochastic-heun, ddpm, ddim, found newton"));
  EXPECT_EQ(number, 7);
  EXPECT_EQ(solver, SolverKind::kHeun);
}

TEST(ObjectReader, ReportsKeysThatNobodyAskedFor) {
  EXPECT_THAT(problems_of(R"({"a": 1, "b": 2})",
                          [](ObjectReader& reader) {
                            int64_t number = 0;
                            reader.read("a", number);
                            reader.require("c", "a number");
                          }),
              ElementsAre("part.c: expected a number, found nothing",
                          "part.b: expected one of the keys a, c, found unknown key"));
}

TEST(ObjectReader, ReadsObjectsWithin) {
  std::optional<int64_t> inner;
  EXPECT_THAT(problems_of(R"({"o": {"n": "x"}})",
                          [&](ObjectReader& reader) {
                            reader.read_object("o", inner,
                                               [](ObjectReader& nested, int64_t& number) {
                                                 nested.read("n", number);
                                               });
                          }),
              ElementsAre(R"(part.o.n: expected an integer from 1 to 1048576, found "x")"));
  EXPECT_TRUE(inner.has_value());
}

}  // namespace
}  // namespace svgen
