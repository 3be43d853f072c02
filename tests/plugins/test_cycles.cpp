// SPDX-License-Identifier: MIT
// A hundred starts and stops: memory stays where it is after the first ones.
#include <algorithm>
#include <cstdio>

#include "harness.h"
#include "process_memory.h"

namespace svgen::gst::testing {
namespace {

constexpr int kCycles = 100, kSettled = 50;
constexpr long kMostGrowth = 4096;  // KiB in the second half; a frame is 12, the model 3000

struct Line {
  const char* name;
  const char* text;
};

class Cycles : public ::testing::TestWithParam<Line> {};

TEST_P(Cycles, LeaveNoMemoryBehind) {
  const std::string line = with_settings(GetParam().text, kTinyModel);
  long first = 0, settled = 0;
  for (int cycle = 1; cycle <= kCycles; ++cycle) {
    ASSERT_TRUE(Pipeline(line).run());
    const long now = process_kibibytes("VmRSS:");
    if (cycle == 1) first = now;
    // The most of the first half: an allocator gives back and takes again what no cycle keeps.
    if (cycle <= kSettled) settled = std::max(settled, now);
  }
  const long last = process_kibibytes("VmRSS:");
  std::printf("resident memory at cycle 1, until %d, at %d: %ld, %ld, %ld KiB\n", kSettled, kCycles,
              first, settled, last);
  EXPECT_LT(last - settled, kMostGrowth);
}

INSTANTIATE_TEST_SUITE_P(
    Lines, Cycles,
    ::testing::Values(
        Line{"Generate",
             "svgdiffuse steps=1 num-images=3 batch-size=2 ! svgdecode ! "
             "fakesink"},
        Line{"Reconstruct",
             "videotestsrc num-buffers=3 ! video/x-raw,format=RGB,width=64,height=64 ! svgencode "
             "batch-size=2 ! svgalign ! svgdecode ! fakesink"}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace svgen::gst::testing
