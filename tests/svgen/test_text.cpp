// SPDX-License-Identifier: MIT
// Tests of texts for people.
#include "svgen/text.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "svgen/error.h"

namespace svgen {
namespace {

TEST(Printable, LeavesTextInAnyLanguageAlone) {
  for (const char* text :
       {"", "plain, 50% \\ \"quoted\"", "café", "日本語", "😀", "\u00a0\u07ff\uffff"})
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, EscapesWhatIsNoUtf8ByteForByte) {
  EXPECT_EQ(printable("caf\xe9.png"), "caf\\xe9.png");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_EQ(printable("a\xe6\x97"), "a\\xe6\\x97");                  // cut off
  EXPECT_EQ(printable("\xe6\x97z"), "\\xe6\\x97z");
}

TEST(Printable, EscapesControlCharacters) {
  EXPECT_EQ(printable("a\tb\nc"), "a\\x09b\\x0ac");
  EXPECT_EQ(printable("\x1b[31m\x7f"), "\\x1b[31m\\x7f");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");  // CSI in eight bits
}

TEST(Printable, AnyBytesBecomeJsonAndStayWhenPrintedAgain) {
  for (int first = 0; first < 256; ++first)
    for (int second = 0; second < 256; ++second) {
      const std::string bytes = {static_cast<char>(first), static_cast<char>(second), '\x80', '('};
      const std::string text = printable(bytes);
      ASSERT_NO_THROW(nlohmann::json(text).dump()) << first << " " << second;
      ASSERT_EQ(printable(text), text);
    }
}

TEST(Shortened, CutsBetweenCharacters) {
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdef", 4), "abcd...");
  EXPECT_EQ(shortened("ééé", 3), "é...");
  EXPECT_EQ(shortened("\xff\xff", 4), "\\xff...");
  EXPECT_EQ(shortened("\xff\xff", 3), "...");
}

TEST(Error, TextsAreUtf8OfALengthThatCanBeRead) {
  const IoError error("caf\xe9 is\nmissing", {"\xff", std::string(10 << 20, 'x'), "/tmp/\x80"});
  EXPECT_STREQ(error.what(), "caf\\xe9 is\\x0amissing");
  EXPECT_EQ(error.expected(), "\\xff");
  EXPECT_LT(error.found().size(), size_t{100} << 10);
  EXPECT_EQ(error.where(), "/tmp/\\x80");
}

TEST(IsUtf8, ControlCharactersAreTextAndNothingElseIs) {
  for (const char* text : {"", "plain\tline\n\x1b\x7f", "café\u0085", "😀"})
    EXPECT_TRUE(is_utf8(text)) << text;
  for (const std::string& bytes :
       {std::string("caf\xe9"), std::string("\xff\xfe"), std::string("\xc0\xaf"),
        std::string("\xed\xa0\x80"), std::string("\xe4\xb8"), std::string("a\0b", 3)})
    EXPECT_FALSE(is_utf8(bytes)) << printable(bytes);
}

TEST(AsciiLower, ChangesNothingButLetters) {
  EXPECT_EQ(ascii_lower("A.TIFF 7[\\]^`\xc4z"), "a.tiff 7[\\]^`\xc4z");
}

TEST(NumberText, HasAPointAndNineDigits) {
  EXPECT_EQ(number_text(0.1), "0.1");
  EXPECT_EQ(number_text(1.0 / 3), "0.333333333");
  EXPECT_EQ(number_text(1e-20), "1e-20");
  EXPECT_EQ(number_text(2.0 / 3, 3), "0.667");
  EXPECT_EQ(number_text(std::numeric_limits<double>::infinity()), "inf");
  for (const double value : {2.0, -0.5, 1e15, 1e308})
    EXPECT_EQ(fixed_text(value), std::to_string(value));  // in the C locale
}

TEST(Joined, PutsTheSeparatorBetweenItemsOnly) {
  EXPECT_EQ(joined(std::vector<std::string>{}), "");
  EXPECT_EQ(joined(std::vector<std::string>{"one"}), "one");
  EXPECT_EQ(joined(std::vector<const char*>{"one", "two", "three"}), "one, two, three");
  EXPECT_EQ(joined(std::vector<std::string>{"", "b", ""}, "; "), "; b; ");
}

TEST(Joined, WritesWhatIsToBeWrittenOfAnItem) {
  struct Row {
    int number;
    const char* name;
  };
  const Row rows[] = {{1, "a"}, {2, "b"}};
  EXPECT_EQ(joined(rows, ", ", &Row::name), "a, b");
  EXPECT_EQ(joined(rows, " ", [](const Row& row) { return std::to_string(row.number); }), "1 2");
}

}  // namespace
}  // namespace svgen
