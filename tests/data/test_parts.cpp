// SPDX-License-Identifier: MIT
// Names of the files that several processes write in place of one.
#include "data/parts.h"

#include "svgen/support.h"

namespace svgen {
namespace {

using ::testing::HasSubstr;

class PartsTest : public ::testing::Test {
 protected:
  testing::ScratchFolder folder_;
  std::filesystem::path file_ = folder_.path() / "set.safetensors";

  void write(int64_t rank, int64_t world) const {
    folder_.write(part_of(file_, {rank, world}).filename().string(), "x");
  }
};

TEST_F(PartsTest, OneProcessWritesTheFileItself) {
  EXPECT_EQ(part_of(file_, {}), file_);
  EXPECT_EQ(part_of("a.raw", {2, 8}), "a.raw.part-00002-of-00008");
}

TEST_F(PartsTest, AreFoundInOrderWithThoseThatAreMissing) {
  EXPECT_EQ(parts_of(file_).world, 0);
  EXPECT_EQ(missing_text(parts_of(file_)), "no part");
  for (const int64_t rank : {11, 0, 2}) write(rank, 12);
  folder_.write("set.safetensors.part-00003-of-00012.json", "x");
  folder_.write("other.safetensors.part-00003-of-00012", "x");
  const Parts parts = parts_of(file_);
  EXPECT_EQ(parts.world, 12);
  ASSERT_EQ(parts.files.size(), 3u);
  EXPECT_EQ(parts.files[2], part_of(file_, {11, 12}));
  EXPECT_EQ(parts.missing.size(), 9u);
  EXPECT_FALSE(parts.complete());
  EXPECT_EQ(missing_text(parts), "parts 1, 3, 4, 5, 6, 7, 8, 9 and 1 more of 12");
  for (int64_t rank = 0; rank < 12; ++rank) write(rank, 12);
  EXPECT_TRUE(parts_of(file_).complete());
}

TEST_F(PartsTest, OfTwoLaunchesAreRefused) {
  write(0, 2);
  write(1, 3);
  EXPECT_THAT(testing::report_of<IoError>([&] { parts_of(file_); }),
              HasSubstr("remove the old ones"));
  EXPECT_THAT(testing::report_of<IoError>([&] { parts_of(folder_.path() / "absent/set"); }),
              HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace svgen
