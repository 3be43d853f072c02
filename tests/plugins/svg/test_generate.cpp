// SPDX-License-Identifier: MIT
// Tests of svggenerate: it is svgdiffuse ! svgdecode, also for players.
#include "harness.h"

namespace svgen::gst::testing {
namespace {

std::string bytes_of(const std::vector<Sample>& samples) {
  std::string all;
  for (const Sample& sample : samples) all += sample.bytes();
  return all;
}

const std::string kRgb = " ! video/x-raw,format=RGB";

TEST(Generate, MakesTheFramesOfItsTwoParts) {
  const std::string settings =
      " classes=3,5 seed=7 steps=2 num-images=3 batch-size=2 framerate=5/1";
  const std::vector<Sample> wanted = samples_of("svgdiffuse" + settings + " ! svgdecode" + kRgb);
  const std::vector<Sample> found = samples_of("svggenerate" + settings + kRgb);
  ASSERT_EQ(found.size(), 3);
  EXPECT_TRUE(bytes_of(found) == bytes_of(wanted));
  for (size_t i = 0; i < found.size(); ++i)
    EXPECT_EQ(GST_BUFFER_PTS(found[i].buffer.get()), GST_BUFFER_PTS(wanted[i].buffer.get()));
}

TEST(Generate, PassesOnWhatBothPartsHave) {
  const std::string line = "svggenerate seed=7 steps=2 num-images=1";
  EXPECT_TRUE(bytes_of(samples_of(line + " normalized=true" + kRgb)) ==
              bytes_of(samples_of(line + kRgb)))
      << "normalised latents are decoded as such";
}

TEST(Generate, ItsPartsAreReachedByName) {
  const std::vector<Sample> sheet = samples_of(
      "svggenerate diffuse::steps=1 diffuse::num-images=4 batch-size=4 decode::grid-columns=2" +
      kRgb);
  ASSERT_EQ(sheet.size(), 1);
  EXPECT_EQ(sheet[0].bytes().size(), 4 * 3 * kSide * kSide);
}

TEST(Generate, PlayersFindIt) {
  const std::vector<Sample> found =
      samples_of("uridecodebin uri=svg://mini?classes=3&seed=7&steps=2&n=2 ! videoconvert" + kRgb);
  ASSERT_EQ(found.size(), 2);
  EXPECT_TRUE(bytes_of(found) ==
              bytes_of(samples_of("svggenerate classes=3 seed=7 steps=2 num-images=2" + kRgb)));
  EXPECT_EQ(GST_BUFFER_PTS(found[1].buffer.get()), GST_SECOND);
}

}  // namespace
}  // namespace svgen::gst::testing
