// SPDX-License-Identifier: MIT
// The headers of arrays in archives of numpy.savez.
#include "data/npz_file.h"

#include "data/archives.h"
#include "svgen/support.h"

namespace svgen {
namespace {

using ::testing::HasSubstr;
using namespace testing;

class NpzFile : public ::testing::Test {
 protected:
  std::vector<NpzArray> read(const std::vector<ZipFile>& files) {
    return read_npz(MappedFile::open(folder_.write("file.npz", zip(files))));
  }

  ScratchFolder folder_;
};

TEST_F(NpzFile, ListsStoredAndDeflatedArrays) {
  const std::string one = npy(npy_literal("<f4", "(2,)"), floats({1, 2}));
  const std::vector<NpzArray> arrays = read({{"b.npy", one}, deflated_file("a.npy", one)});
  ASSERT_EQ(arrays.size(), 2u);
  EXPECT_EQ(arrays[0].name, "a");
  EXPECT_TRUE(arrays[0].entry.is_deflated);
  for (const NpzArray& array : arrays) {
    EXPECT_EQ(array.header.dtype, "<f4");
    EXPECT_EQ(array.header.shape, std::vector<int64_t>{2});
    EXPECT_EQ(array.bytes(), 8u);
  }
}

TEST_F(NpzFile, IsAnArchiveOfArraysAlone) {
  const auto is = [&](const std::string& bytes) {
    return is_npz(*MappedFile::open(folder_.write("file.npz", bytes)));
  };
  EXPECT_TRUE(is(zip({{"a.npy", "x"}, {"b.npy", "x"}})));
  EXPECT_FALSE(is(zip({{"a.npy", "x"}, {"b", "x"}})));
  EXPECT_FALSE(is(zip({})));
  EXPECT_FALSE(is("something else"));
}

TEST_F(NpzFile, RefusesHeadersThatAreNone) {
  for (const std::string& bytes : {std::string("x"), npy("{}", "")})
    EXPECT_THROW(read({{"a.npy", bytes}}), IoError);
}

}  // namespace
}  // namespace svgen
