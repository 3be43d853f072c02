// SPDX-License-Identifier: MIT
// Tests of what a user may have meant.
#include "svgen/suggest.h"

#include "support.h"

namespace svgen::testing {
namespace {

TEST(Suggest, EditsAreInsertionsDeletionsChangesAndSwaps) {
  EXPECT_EQ(edits_between("heart", "heart"), 0u);
  EXPECT_EQ(edits_between("hart", "heart"), 1u);
  EXPECT_EQ(edits_between("haert", "heart"), 1u);
  EXPECT_EQ(edits_between("", "abc"), 3u);
}

TEST(Suggest, ANearNameIsSuggestedAndAFarOneIsNot) {
  EXPECT_EQ(suggestion("Hart", {"ball", "heart"}), "did you mean heart?");
  EXPECT_EQ(suggestion("zzzzzz", {"ball", "heart"}), "");
  EXPECT_EQ(suggestion("x", {}), "");
}

}  // namespace
}  // namespace svgen::testing
