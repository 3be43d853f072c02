// SPDX-License-Identifier: MIT
// Tests of the `classes` property's language.
#include "svgen/class_list.h"

#include <set>

#include "support.h"
#include "svgen/error.h"

namespace svgen::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> kNames = {"ball", "cube", "t-bone", "3", "red fish"};

std::vector<int64_t> first(const std::string& text, int64_t count, int64_t classes = 10,
                           const std::vector<std::string>& names = {}) {
  const ClassList list = ClassList::parse(text, classes, names);
  std::vector<int64_t> found;
  for (int64_t i = 0; i < count; ++i) found.push_back(list.at(0, i));
  return found;
}

TEST(ClassList, NumbersComeInTurn) {
  EXPECT_THAT(first("7,3", 5), ElementsAre(7, 3, 7, 3, 7));
}

TEST(ClassList, RangesIncludeBothEnds) {
  EXPECT_THAT(first("2-4", 4), ElementsAre(2, 3, 4, 2));
  EXPECT_THAT(first("5-5", 2), ElementsAre(5, 5));
}

TEST(ClassList, EntriesMix) {
  EXPECT_THAT(first(" 9 , 0 - 1,ball", 4, 10, kNames), ElementsAre(9, 0, 1, 0));
}

TEST(ClassList, NamesWinOverNumbersAndRanges) {
  EXPECT_THAT(first("t-bone,3,red fish", 3, 10, kNames), ElementsAre(2, 3, 4));
}

TEST(ClassList, AllIsEachOnce) {
  EXPECT_THAT(first("all", 4, 3), ElementsAre(0, 1, 2, 0));
}

TEST(ClassList, AnEntryBelongsToTheAbsoluteIndex) {
  const ClassList list = ClassList::parse("4,5,6", 10, {});
  EXPECT_EQ(list.at(1, 1'000'000'000'000), list.at(2, 1));
}

TEST(ClassList, RandomIsAFunctionOfSeedAndIndex) {
  const ClassList list = ClassList::parse("random", 10, {});
  std::set<int64_t> seen;
  bool seeds_differ = false;
  for (int64_t i = 0; i < 200; ++i) {
    EXPECT_EQ(list.at(5, i), list.at(5, i));
    seeds_differ |= list.at(5, i) != list.at(6, i);
    seen.insert(list.at(5, i));
  }
  EXPECT_TRUE(seeds_differ);
  EXPECT_EQ(seen.size(), 10u);
  EXPECT_EQ(*seen.begin(), 0);
  EXPECT_EQ(*seen.rbegin(), 9);
}

TEST(ClassList, NamesMayBeginAndBeWrittenInAnyCase) {
  EXPECT_THAT(first(" RED  ,Cu", 2, 10, kNames), ElementsAre(4, 1));
}

// ImageNet has both kinds: synonyms with commas, and one name for two classes.
TEST(ClassList, NamesWithCommasAreFoundWhole) {
  const std::vector<std::string> names = {"tench, Tinca tinca", "goldfish", "Tinca"};
  EXPECT_THAT(first("1,tench, Tinca tinca,tinca", 3, 3, names), ElementsAre(1, 0, 2));
  EXPECT_THAT(first("tench ,tinca TINCA", 1, 3, names), ElementsAre(0));
  EXPECT_THAT(first("tench", 1, 3, names), ElementsAre(0));
}

TEST(ClassList, ANameOfSeveralClassesIsRefusedWithTheirNumbers) {
  for (const char* text : {"crane", " Crane", "cran"}) {
    const std::string report = report_of<ConfigurationError>([text] {
      ClassList::parse(text, 3, {"crane", "ball", "crane"}, "--classes");
    });
    EXPECT_THAT(report, HasSubstr("0 crane; 2 crane"));
    EXPECT_THAT(report, HasSubstr("in --classes"));
  }
}

TEST(ClassList, ANameNearAnotherIsSuggested) {
  EXPECT_THAT(report_of<ConfigurationError>([] { ClassList::parse("bull", 5, kNames); }),
              HasSubstr("did you mean ball?"));
}

class BadClasses : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(BadClasses, NameTheEntryThatIsWrong) {
  const auto [text, named] = GetParam();
  const std::string report =
      report_of<ConfigurationError>([text = text] { ClassList::parse(text, 10, kNames); });
  EXPECT_THAT(report, HasSubstr(named));
  EXPECT_THAT(report, HasSubstr("property classes"));
}

INSTANTIATE_TEST_SUITE_P(
    Texts, BadClasses,
    ::testing::Values(std::pair("", "\"\""), std::pair("1,,2", "\"\""), std::pair("10", "\"10\""),
                      std::pair("-1", "\"-1\""), std::pair("3-1", "\"3-1\""),
                      std::pair("5-10", "\"5-10\""), std::pair("1-", "\"1-\""),
                      std::pair("1.5", "\"1.5\""), std::pair("dog", "\"dog\""),
                      std::pair("2,dog", "\"dog\""), std::pair("random,1", "\"random\""),
                      std::pair("99999999999999999999", "99999999999999999999"),
                      std::pair("0-99999999999999999999", "0-99999999999999999999")));

}  // namespace
}  // namespace svgen::testing
