// SPDX-License-Identifier: MIT
// Mapping a file and the checks around it.
#include "data/mapped_file.h"

#include <sys/stat.h>

#include "data/archives.h"
#include "svgen/support.h"

namespace svgen {
namespace {

using ::testing::HasSubstr;
using namespace testing;

TEST(MappedFile, HoldsTheBytesOfTheFile) {
  const ScratchFolder folder;
  EXPECT_EQ(MappedFile::open(folder.write("a", "hello"))->bytes(), "hello");
}

TEST(MappedFile, RefusesWhatIsNoFileWithBytesAndNamesIt) {
  const ScratchFolder folder;
  const auto empty = folder.write("empty", "");
  const auto pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const auto& path : {empty, pipe, folder.path(), folder.path() / "absent"})
    EXPECT_THAT(report_of<IoError>([&] { MappedFile::open(path); }), HasSubstr(path.string()));
}

TEST(MappedFile, RefusesARangeOutsideTheFile) {
  const ScratchFolder folder;
  const auto file = MappedFile::open(folder.write("a", "hello"));
  EXPECT_EQ(file->slice(1, 4, "the tail"), "ello");
  EXPECT_EQ(file->slice(5, 0, "nothing"), "");
  for (const auto& [offset, size] : {std::pair<uint64_t, uint64_t>{2, 4}, {6, 0}, {1, UINT64_MAX}})
    EXPECT_THAT(report_of<IoError>([&] { file->slice(offset, size, "the tail"); }),
                HasSubstr("the tail"));
}

TEST(MappedFile, ReadsLittleEndianNumbers) {
  const ScratchFolder folder;
  const auto file = MappedFile::open(folder.write("a", "\x01\x02\xff"));
  EXPECT_EQ(file->number(0, 2, "a number"), 0x0201u);
  EXPECT_EQ(file->number(2, 1, "a number"), 0xffu);
  EXPECT_THROW(file->number(0, 4, "a number"), IoError);
}

TEST(MappedFile, WritingToTheMappingLeavesTheFileAlone) {
  const ScratchFolder folder;
  const auto path = folder.write("a", "hello");
  const auto file = MappedFile::open(path);
  file->data(0)[0] = 'j';
  EXPECT_EQ(file->bytes(), "jello");
  EXPECT_EQ(read_text(path), "hello");
}

}  // namespace
}  // namespace svgen
