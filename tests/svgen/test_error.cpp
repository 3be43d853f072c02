// SPDX-License-Identifier: MIT
// Tests of the error family.
#include "svgen/error.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace svgen {
namespace {

TEST(Error, WhatIsTheHeadlineAlone) {
  const IoError error("open it first", {"a file", "a folder", "/x"});
  EXPECT_STREQ(error.what(), "open it first");
}

TEST(Error, KeepsItsParts) {
  const WeightsError error("wrong weights", {"[2]", "[3]", "a.bias"});
  EXPECT_EQ(error.expected(), "[2]");
  EXPECT_EQ(error.found(), "[3]");
  EXPECT_EQ(error.where(), "a.bias");
}

TEST(Error, EachTypeHasItsKind) {
  EXPECT_EQ(ConfigurationError("x").kind(), ErrorKind::kConfiguration);
  EXPECT_EQ(WeightsError("x").kind(), ErrorKind::kWeights);
  EXPECT_EQ(ShapeError("x").kind(), ErrorKind::kShape);
  EXPECT_EQ(DeviceError("x").kind(), ErrorKind::kDevice);
  EXPECT_EQ(IoError("x").kind(), ErrorKind::kIo);
  EXPECT_EQ(MemoryError("x").kind(), ErrorKind::kMemory);
}

TEST(Error, IsCaughtByItsBases) {
  EXPECT_THROW(throw ShapeError("x"), Error);
  EXPECT_THROW(throw ShapeError("x"), std::runtime_error);
}

TEST(Error, ReportJoinsAllParts) {
  EXPECT_EQ(ShapeError("wrong size", {"[2]", "[3]", "input"}).report(),
            "wrong size (expected [2]; found [3]; in input)");
}

TEST(Error, ReportLeavesOutEmptyParts) {
  EXPECT_EQ(ShapeError("wrong size", {"", "[3]", ""}).report(), "wrong size (found [3])");
  EXPECT_EQ(ShapeError("wrong size").report(), "wrong size");
}

}  // namespace
}  // namespace svgen
