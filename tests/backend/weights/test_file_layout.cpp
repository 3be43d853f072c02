// SPDX-License-Identifier: MIT
// Which part of a file a name belongs to.
#include "weights/file_layout.h"

#include <gtest/gtest.h>

namespace svgen::weights {
namespace {

constexpr KeyRule kNearRules[] = {{"near.*", nullptr}};
constexpr KeyRule kFarRules[] = {{"far.*", nullptr}};
constexpr KeyFamily kNear[] = {{"near", "", kNearRules}}, kFar[] = {{"far", "", kFarRules}};
const FileLayout kLayout = {"both",
                            {{"a", "x.", &kNear[0]}, {"b", "x.", &kFar[0]}, {"c", "", &kNear[0]}}};

TEST(FileLayout, FindsThePartWhosePrefixAndTableFit) {
  EXPECT_EQ(kLayout.find("x.near.weight"), &kLayout.parts[0]);
  EXPECT_EQ(kLayout.find("x.far.weight"), &kLayout.parts[1]);
  EXPECT_EQ(kLayout.find("near.weight"), &kLayout.parts[2]);
}

TEST(FileLayout, FindsByThePrefixAloneWhereNoTableFits) {
  EXPECT_EQ(kLayout.find("x.other"), &kLayout.parts[0]);
  EXPECT_EQ(kLayout.find("other"), nullptr) << "an empty prefix says nothing";
}

TEST(FileLayout, FindsThePartOfANetwork) {
  EXPECT_EQ(kLayout.find(Spelling{.network = "far", .families = kFar}), &kLayout.parts[1]);
  constexpr KeyFamily kOther[] = {{"other", "", kFarRules}};
  EXPECT_EQ(kLayout.find(Spelling{.network = "other", .families = kOther}), nullptr);
}

}  // namespace
}  // namespace svgen::weights
