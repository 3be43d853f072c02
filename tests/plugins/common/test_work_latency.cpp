// SPDX-License-Identifier: MIT
// Tests of the running mean that is reported as latency.
#include "common/work_latency.h"

#include <gtest/gtest.h>

namespace svgen::gst {
namespace {

TEST(WorkLatency, IsTheMeanWithAQuarterOfHeadroom) {
  WorkLatency latency;
  EXPECT_EQ(latency.reported(), 0u);
  EXPECT_TRUE(latency.add(40 * GST_MSECOND));
  EXPECT_EQ(latency.reported(), 50 * GST_MSECOND);
}

TEST(WorkLatency, TheFirstPieceWhichLoadsWeightsIsForgotten) {
  WorkLatency latency;
  latency.add(4 * GST_SECOND);
  EXPECT_TRUE(latency.add(40 * GST_MSECOND));
  EXPECT_EQ(latency.reported(), 50 * GST_MSECOND);
}

TEST(WorkLatency, StandsWhileTimesJitter) {
  WorkLatency latency;
  latency.add(40 * GST_MSECOND);
  for (int i = 0; i < 100; ++i)
    EXPECT_FALSE(latency.add((i % 2 == 0 ? 36 : 44) * GST_MSECOND)) << i;
}

TEST(WorkLatency, MovesWithTheWorkUpAndDown) {
  WorkLatency latency;
  latency.add(40 * GST_MSECOND);
  int moves = 0;
  for (int i = 0; i < 100; ++i) moves += latency.add(80 * GST_MSECOND);
  EXPECT_GE(moves, 1);
  EXPECT_LE(moves, 4);
  EXPECT_GE(latency.reported(), 80 * GST_MSECOND);
  for (int i = 0; i < 100; ++i) latency.add(10 * GST_MSECOND);
  EXPECT_LT(latency.reported(), 17 * GST_MSECOND);
}

TEST(WorkLatency, IgnoresWhatIsShorterThanAMillisecond) {
  WorkLatency latency;
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(latency.add(GST_USECOND * 100 * (i % 3)));
}

}  // namespace
}  // namespace svgen::gst
