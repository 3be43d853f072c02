// SPDX-License-Identifier: MIT
// The headers of numpy.save, as written by its versions and by nobody.
#include "data/npy_header.h"

#include "data/archives.h"
#include "svgen/support.h"

namespace svgen {
namespace {

using namespace testing;

std::optional<NpyHeader> read(const std::string& literal) {
  const std::string bytes = npy(literal, "");
  EXPECT_EQ(npy_header_size(bytes), bytes.size());
  return read_npy_header(bytes);
}

TEST(NpyHeader, SaysDtypeShapeAndOrder) {
  const auto header = read(npy_literal("<f4", "(3, 4)"));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->dtype, "<f4");
  EXPECT_EQ(header->shape, (std::vector<int64_t>{3, 4}));
  EXPECT_FALSE(header->is_fortran_order);
  EXPECT_EQ(header->size % 64, 0u);
}

TEST(NpyHeader, MayBeSpelledInSeveralWays) {
  EXPECT_EQ(read(npy_literal("|u1", "()"))->shape.size(), 0u);
  EXPECT_EQ(read(npy_literal("|u1", "(7,)"))->shape, std::vector<int64_t>{7});
  EXPECT_EQ(read(npy_literal("|u1", "(7L, 2L)"))->shape, (std::vector<int64_t>{7, 2}));
  EXPECT_TRUE(read(npy_literal("<f8", "(2, 3)", "True"))->is_fortran_order);
  EXPECT_EQ(read(R"({"shape": (1,), "descr": "<i8", "fortran_order": False})")->dtype, "<i8");
  EXPECT_EQ(read("{'descr': [('a', '<f4', (2,)), ('b', '<i4')], 'fortran_order': False, "
                 "'shape': (1,), }")
                ->dtype,
            "a structure");
}

TEST(NpyHeader, RefusesWhatTheFormatDoesNotSay) {
  for (const std::string literal :
       {"", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 1, }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': (1,), }",
        "{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,), }",
        "{'descr': [[[, 'fortran_order': False, 'shape': (1,), }"})
    EXPECT_FALSE(read(literal)) << literal;
}

TEST(NpyHeader, IsFoundByItsStart) {
  const std::string bytes = npy(npy_literal("<f4", "(1,)"), "");
  EXPECT_FALSE(npy_header_size(bytes.substr(0, 11)));
  EXPECT_FALSE(npy_header_size("\x93NUMPX" + bytes.substr(6)));
  std::string later = bytes;
  later[6] = 4;
  EXPECT_FALSE(npy_header_size(later));
  // Version 2 has a length of four bytes.
  const std::string second = std::string("\x93NUMPY\2\0", 8) + number(116, 4);
  EXPECT_EQ(npy_header_size(second), 128u);
  EXPECT_FALSE(npy_header_size(std::string("\x93NUMPY\2\0", 8) + number(1u << 30, 4)));
}

}  // namespace
}  // namespace svgen
