// SPDX-License-Identifier: MIT
// Tests of list files: separators, quotes, encodings.
#include "data/list_file.h"

#include "svgen/support.h"

namespace svgen {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::report_of;
using testing::ScratchFolder;

std::vector<std::string> entries(const std::string& text) {
  const ScratchFolder folder;
  std::vector<std::string> found;
  read_list_file(folder.write("list.txt", text), [&](std::string_view path, int64_t label) {
    found.push_back(std::string(path) + "=" + std::to_string(label));
  });
  return found;
}

std::string refusal(const std::string& text) {
  return report_of<ConfigurationError>([&] { entries(text); });
}

TEST(ListFile, AByteOrderMarkIsNoPartOfTheFirstName) {
  EXPECT_THAT(entries("\xEF\xBB\xBF"
                      "1.jpg 0\nx y.jpg 1\n"),
              ElementsAre("1.jpg=0", "x y.jpg=1"));
}

TEST(ListFile, QuotesAreThoseOfCsv) {
  EXPECT_THAT(entries("\"x y.jpg\",0\n1.jpg,1\n"), ElementsAre("x y.jpg=0", "1.jpg=1"));
  EXPECT_THAT(entries("\"a, \"\"b\"\" #.jpg\", 3\r\n \"c.jpg\"\t\"4\"\r\n"),
              ElementsAre("a, \"b\" #.jpg=3", "c.jpg=4"));
  EXPECT_THAT(entries("\"two\nlines.jpg\" 1\n\" blanks \" 2"),
              ElementsAre("two\nlines.jpg=1", " blanks =2"));
}

TEST(ListFile, AHeaderIsLeftOut) {
  EXPECT_THAT(entries("path,label\na.jpg,1\n"), ElementsAre("a.jpg=1"));
  EXPECT_THAT(entries("\"filename\",\"Class\"\n\"a.jpg\",\"1\"\n"), ElementsAre("a.jpg=1"));
  EXPECT_THAT(refusal("a.jpg,1\npath,label\n"), HasSubstr("list.txt:2"));
  EXPECT_THAT(refusal("a.jpg,cat\n"), HasSubstr("list.txt:1"));
}

TEST(ListFile, EveryKindOfLineEndCounts) {
  for (const char* end : {"\n", "\r\n", "\r"}) {
    EXPECT_THAT(entries(std::string("a.jpg 0") + end + end + "b.jpg 1" + end),
                ElementsAre("a.jpg=0", "b.jpg=1"));
  }
}

TEST(ListFile, NamesInOtherEncodingsKeepTheirBytes) {
  EXPECT_THAT(entries("caf\xe9.jpg 1\n"), ElementsAre("caf\xe9.jpg=1"));
}

TEST(ListFile, UTF16IsRefusedInWords) {
  for (const std::string& text : {std::string("\xFF\xFE"
                                              "1\0.\0",
                                              6),
                                  std::string("\xFE\xFF\0"
                                              "1\0.",
                                              6)})
    EXPECT_THAT(refusal(text), AllOf(HasSubstr("UTF-16"), HasSubstr("save it")));
  EXPECT_THAT(refusal(std::string("1\0.\0j\0", 6)), HasSubstr("value 0"));
}

TEST(ListFile, NamesTheLineThatIsWrong) {
  for (const char* wrong : {"b.jpg", "b.jpg 1.5", "b.jpg x", "b.jpg -2", " 7", "\"b.jpg\"",
                            "\"b.jpg\"x,1", "\"\",1", "\"b.jpg", "b.jpg 99999999999999999999"}) {
    EXPECT_THAT(refusal(std::string("# head\n\"a\nb.jpg\" 0\n") + wrong + "\n"),
                HasSubstr("list.txt:4"))
        << wrong;
  }
  EXPECT_THAT(refusal(std::string(300, ' ') + std::string("a.jpg\0b 1", 9)),
              HasSubstr("list.txt:1"));
}

TEST(ListFile, AFileThatIsNotThereIsAnError) {
  EXPECT_THAT(report_of<IoError>([] { read_list_file("/nowhere/list.txt", {}); }),
              HasSubstr("/nowhere/list.txt"));
}

}  // namespace
}  // namespace svgen
