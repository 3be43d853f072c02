// SPDX-License-Identifier: MIT
// Sizes from a file: what is read, and how contradictions are reported.
#include "models/sizes.h"

#include <gtest/gtest.h>

#include "backend/models/module_source.h"
#include "models/dit/dit.h"

namespace svgen {
namespace {

test::ModuleSource source() {
  return test::ModuleSource(models::Dit({.width = 8, .depth = 3, .heads = 2, .mlp = 16}));
}

TEST(FileSizes, CountBlocksWithoutAGap) {
  EXPECT_EQ(models::file_count(source(), "blocks."), 3);
  EXPECT_EQ(models::file_count(source(), "nothing."), 0);
}

TEST(FileSizes, NameTheTensorThatIsMissingOrOfAnotherRank) {
  const auto error_place = [](const char* tensor, size_t rank) {
    try {
      models::file_size(source(), tensor, rank, 0);
    } catch (const WeightsError& error) {
      return error.where();
    }
    return std::string();
  };
  EXPECT_NE(error_place("ln2.weight", 2).find("ln2.weight"), std::string::npos);
  EXPECT_NE(error_place("ln1.weight", 3).find("ln1.weight"), std::string::npos);
  EXPECT_EQ(error_place("ln1.weight", 2), "");
}

TEST(FileSizes, RefuseASizeOfZero) {
  test::ModuleSource empty = source();
  empty.reshape("ln1.weight", {0, 8});
  EXPECT_THROW(models::file_size(empty, "ln1.weight", 2, 1), WeightsError);
}

TEST(SizeCheck, ReportsAllContradictionsAtOnce) {
  models::SizeCheck check("decoder", source());
  EXPECT_EQ(check.settle("channels", 0, 32), 32);
  EXPECT_EQ(check.settle("channels", 64, 32), 32);
  check.settle("multipliers", std::vector<int64_t>{1, 2}, {1, 4});
  check.settle_flag("flag", true, false);
  try {
    check.finish();
    FAIL() << "no error";
  } catch (const ConfigurationError& error) {
    EXPECT_NE(std::string(error.what()).find("decoder.channels; decoder.multipliers; decoder.flag"),
              std::string::npos);
    EXPECT_NE(error.expected().find("decoder.channels 32"), std::string::npos);
    EXPECT_NE(error.found().find("decoder.channels 64"), std::string::npos);
  }
}

TEST(SizeCheck, IsSilentWithoutContradictions) {
  models::SizeCheck check("decoder", source());
  check.settle("channels", 32, 32);
  EXPECT_NO_THROW(check.finish());
}

}  // namespace
}  // namespace svgen
