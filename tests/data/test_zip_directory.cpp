// SPDX-License-Identifier: MIT
// The list of files of a zip archive, sound and damaged.
#include "data/zip_directory.h"

#include "data/archives.h"
#include "svgen/support.h"

namespace svgen {
namespace {

using ::testing::HasSubstr;
using namespace testing;

class ZipDirectory : public ::testing::Test {
 protected:
  std::map<std::string, ZipEntry, std::less<>> read(const std::string& bytes) {
    file_ = MappedFile::open(folder_.write("file.pt", bytes));
    return read_zip_directory(*file_);
  }
  std::string content(const ZipEntry& entry) const {
    return std::string(file_->slice(entry.offset, entry.size, "the content"));
  }
  std::string refusal(const std::string& bytes) {
    return report_of<IoError>([&] { read(bytes); });
  }

  ScratchFolder folder_;
  std::shared_ptr<const MappedFile> file_;
};

TEST_F(ZipDirectory, FindsTheContentOfStoredFiles) {
  for (const bool long_form : {false, true}) {
    const auto entries =
        read(zip({{"a/data.pkl", "pickle"}, {"a/", ""}, {"a/data/0", "numbers"}}, long_form));
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(content(entries.at("a/data.pkl")), "pickle");
    EXPECT_EQ(content(entries.at("a/data/0")), "numbers");
  }
}

TEST_F(ZipDirectory, AllowsACommentAtTheEnd) {
  std::string bytes = zip({{"a", "b"}});
  bytes.replace(bytes.size() - 2, 2, number(5, 2));
  EXPECT_EQ(read(bytes + "hello").size(), 1u);
}

TEST_F(ZipDirectory, RefusesCompressedAndEncryptedFiles) {
  EXPECT_THAT(refusal(zip({{"a", "b", 8, 0}})), HasSubstr("compressed or encrypted"));
  EXPECT_THAT(refusal(zip({{"a", "b", 0, 1}})), HasSubstr("compressed or encrypted"));
}

TEST_F(ZipDirectory, FindsDeflatedFilesWhereTheyAreWanted) {
  ZipFile file = {"a", "packed", 8, 0, 100};
  const auto map = MappedFile::open(folder_.write("file.npz", zip({file, {"b", "c"}})));
  const auto entries = read_zip_directory(*map, ZipForm::kStoredOrDeflated);
  EXPECT_TRUE(entries.at("a").is_deflated);
  EXPECT_EQ(entries.at("a").size, 100u);
  EXPECT_EQ(entries.at("a").packed, 6u);
  EXPECT_FALSE(entries.at("b").is_deflated);
  file.method = 12;  // bzip2
  const auto other = MappedFile::open(folder_.write("other.npz", zip({file})));
  EXPECT_THROW(read_zip_directory(*other, ZipForm::kStoredOrDeflated), IoError);
}

TEST_F(ZipDirectory, RefusesTwoFilesOfOneName) {
  EXPECT_THAT(refusal(zip({{"a", "b"}, {"a", "c"}})), HasSubstr("two files named a"));
}

TEST_F(ZipDirectory, RefusesFilesThatOverlap) {
  // The second file lies, with its header, inside the content of the first.
  const std::string inner = zip({{"b", "xyz"}}).substr(0, 34);
  std::string bytes = zip({{"a", inner}, {"b", "xyz"}});
  const size_t offset = bytes.rfind("PK\1\2") + 42;
  bytes.replace(offset, 4, number(31, 4));
  EXPECT_THAT(refusal(bytes), HasSubstr("overlap"));
}

TEST_F(ZipDirectory, RefusesAFileWhoseOwnHeaderHasAnotherName) {
  std::string bytes = zip({{"a", "b"}});
  bytes[30] = 'c';
  EXPECT_THAT(refusal(bytes), HasSubstr("another name"));
}

TEST_F(ZipDirectory, RefusesSizesAndOffsetsOutsideTheFile) {
  const std::string bytes = zip({{"a", "b"}});
  const size_t entry = bytes.rfind("PK\1\2"), end = bytes.rfind("PK\5\6");
  struct Field {
    size_t offset;
    int width;
  };
  for (const Field field : {Field{entry + 42, 4}, {end + 16, 4}, {end + 12, 4}, {entry + 28, 2}}) {
    std::string bad = bytes;
    bad.replace(field.offset, static_cast<size_t>(field.width), number(0x7fff, field.width));
    EXPECT_THAT(refusal(bad), HasSubstr("file.pt")) << field.offset;
  }
}

TEST_F(ZipDirectory, RefusesEveryTruncation) {
  for (const bool long_form : {false, true}) {
    const std::string bytes = zip({{"a", "b"}, {"c", "d"}}, long_form);
    for (size_t size = 1; size < bytes.size(); ++size)
      EXPECT_THROW(read(bytes.substr(0, size)), IoError) << size;
  }
}

}  // namespace
}  // namespace svgen
