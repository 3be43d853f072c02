// SPDX-License-Identifier: MIT
// A file that is whole or not there.
#include "data/atomic_file.h"

#include "svgen/support.h"

namespace svgen {
namespace {

using namespace testing;

size_t count_files(const ScratchFolder& folder) {
  const std::filesystem::directory_iterator files(folder.path());
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

TEST(AtomicFile, AppearsWhenItIsCommitted) {
  const ScratchFolder folder;
  AtomicFile file(folder.path() / "a");
  file.write("one ");
  file.write("two");
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "a"));
  file.commit();
  EXPECT_EQ(read_text(folder.path() / "a"), "one two");
  EXPECT_EQ(count_files(folder), 1u);
}

TEST(AtomicFile, LeavesTheOldFileAndNoRestWhenItIsAbandoned) {
  const ScratchFolder folder;
  folder.write("a", "old");
  { AtomicFile(folder.path() / "a").write("new"); }
  EXPECT_EQ(read_text(folder.path() / "a"), "old");
  EXPECT_EQ(count_files(folder), 1u);
}

TEST(AtomicFile, RefusesAFolderThatIsNotThere) {
  const ScratchFolder folder;
  const auto path = folder.path() / "absent" / "a";
  EXPECT_THAT(report_of<IoError>([&] { AtomicFile{path}; }), ::testing::HasSubstr(path.string()));
}

TEST(AtomicFile, RefusesANameThatIsAFolderAndLeavesNoRest) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder.path() / "a");
  AtomicFile file(folder.path() / "a");
  file.write("new");
  EXPECT_THROW(file.commit(), IoError);
  EXPECT_EQ(count_files(folder), 1u);
}

}  // namespace
}  // namespace svgen
