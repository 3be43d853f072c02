// SPDX-License-Identifier: MIT
// Reports of numbers, as a structure and as JSON.
#include "svg/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace svgen::gst {
namespace {

TEST(Report, IsAStructureAndALineOfJson) {
  Report report;
  report.add("frames", int64_t{3}).add("mean-psnr", 27.25);
  report.add("nothing", std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(report.json(), "{\"frames\": 3, \"mean_psnr\": 27.25, \"nothing\": null}\n");
  const StructurePtr structure = report.structure("svg-test");
  EXPECT_STREQ(gst_structure_get_name(structure.get()), "svg-test");
  gint64 frames = 0;
  gdouble psnr = 0;
  EXPECT_TRUE(gst_structure_get(structure.get(), "frames", G_TYPE_INT64, &frames, "mean-psnr",
                                G_TYPE_DOUBLE, &psnr, nullptr));
  EXPECT_EQ(frames, 3);
  EXPECT_EQ(psnr, 27.25);
}

TEST(Report, OfNothing) {
  EXPECT_EQ(Report().json(), "{}\n");
}

}  // namespace
}  // namespace svgen::gst
