// SPDX-License-Identifier: MIT
// Tests of svgscenesrc.
#include <gst/video/video.h>

#include <algorithm>
#include <set>

#include "scenes/scene.h"
#include "support.h"

namespace svgen::gst::testing {
namespace {

using svgen::testing::ScopedVariable;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kSmall = "svgscenesrc size=16 seed=3 ";

TEST(SvgSceneSrc, DrawsTheScenesOfTheLibrary) {
  const std::vector<Sample> samples =
      samples_of(std::string(kSmall) + "classes=4,7 backgrounds=plain first-index=5 num-images=3");
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(indices_of(samples), steps(5, 3));
  EXPECT_EQ(labels_of(samples), (std::vector<int64_t>{7, 4, 7}));
  for (size_t i = 0; i < samples.size(); ++i) {
    Picture expected(16, 16);
    render_scene(3, 5 + i, i % 2 == 0 ? 7 : 4, Backgrounds::kPlain, expected.mutable_view());
    EXPECT_EQ(samples[i].bytes(), std::string(expected.pixels.begin(), expected.pixels.end()));
    EXPECT_EQ(facts_of(samples)[i].seed, 3u);
  }
}

TEST(SvgSceneSrc, FillsRowsOfSizesThatAreNoMultipleOfFour) {
  const std::vector<Sample> samples = samples_of("svgscenesrc size=13 classes=0 num-images=1");
  GstVideoInfo info;
  ASSERT_TRUE(gst_video_info_from_caps(&info, samples[0].caps.get()));
  ASSERT_EQ(GST_VIDEO_INFO_WIDTH(&info), 13);
  Picture expected(13, 13);
  render_scene(0, 0, 0, Backgrounds::kVaried, expected.mutable_view());
  const std::string bytes = samples[0].bytes();
  for (size_t y = 0; y < 13; ++y) {
    EXPECT_EQ(bytes.substr(y * static_cast<size_t>(GST_VIDEO_INFO_PLANE_STRIDE(&info, 0)), 39),
              std::string(&expected.pixels[y * 39], &expected.pixels[y * 39] + 39));
  }
}

TEST(SvgSceneSrc, TheNumberOfThreadsDoesNotMatter) {
  const std::string line = std::string(kSmall) + "textures=0.5 num-images=40 threads=";
  EXPECT_EQ(bytes_of(samples_of(line + "1")), bytes_of(samples_of(line + "7")));
}

TEST(SvgSceneSrc, TexturesHaveNoLabel) {
  const std::vector<int64_t> labels =
      labels_of(samples_of(std::string(kSmall) + "textures=0.5 num-images=60"));
  const auto textures = std::count(labels.begin(), labels.end(), kTextureLabel);
  EXPECT_GT(textures, 10);
  EXPECT_LT(textures, 50);
}

TEST(SvgSceneSrc, KnowsClassesByName) {
  EXPECT_EQ(labels_of(samples_of(std::string(kSmall) + "classes=car,ball num-images=3")),
            (std::vector<int64_t>{15, 0, 15}));
}

TEST(SvgSceneSrc, SaysWhichClassDoesNotExist) {
  EXPECT_THAT(error_of(std::string(kSmall) + "classes=ball,dragon ! fakesink"),
              AllOf(HasSubstr("svgscenesrc"), HasSubstr("dragon")));
}

TEST(SvgSceneSrc, IsSoughtByIndex) {
  EXPECT_EQ(indices_after_seek(std::string(kSmall), 70, 4), steps(70, 4));
  EXPECT_EQ(indices_after_seek(std::string(kSmall) + "framerate=30/1", 70, 4), steps(70, 4));
}

TEST(SvgSceneSrc, PlaysBackwards) {
  const std::string line = std::string(kSmall) + "first-index=4 num-images=20 threads=3";
  std::vector<std::string> forth = bytes_of(samples_of(line));
  const std::vector<Sample> back = samples_backwards(line, 6);
  EXPECT_EQ(indices_of(back), steps(23, 18, -1));
  std::reverse(forth.begin(), forth.end());
  forth.resize(18);
  EXPECT_TRUE(bytes_of(back) == forth);
}

TEST(SvgSceneSrc, TimesFallBackwards) {
  const std::vector<Sample> back =
      samples_backwards(std::string(kSmall) + "num-images=5 framerate=10/1", 2);
  ASSERT_EQ(indices_of(back), steps(4, 3, -1));
  EXPECT_EQ(back[0].segment.rate, -1);
  EXPECT_EQ(GST_BUFFER_PTS(back[0].buffer.get()), 400 * GST_MSECOND);
  EXPECT_EQ(GST_BUFFER_PTS(back[2].buffer.get()), 200 * GST_MSECOND);
}

TEST(SvgSceneSrc, WithoutEndHasNoImageToGoBackFrom) {
  Pipeline pipeline(std::string(kSmall) + "! fakesink sync=false");
  ASSERT_TRUE(pipeline.go_to(GST_STATE_PAUSED));
  EXPECT_FALSE(gst_element_seek(pipeline.get(), -1, GST_FORMAT_DEFAULT, GST_SEEK_FLAG_FLUSH,
                                GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, -1));
}

TEST(SvgSceneSrc, StampsFramesWhenItHasARate) {
  const std::vector<Sample> samples =
      samples_of(std::string(kSmall) + "first-index=9 num-images=3 framerate=10/1");
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[0].segment.format, GST_FORMAT_TIME);
  EXPECT_EQ(GST_BUFFER_PTS(samples[2].buffer.get()), 200 * GST_MSECOND);
  EXPECT_EQ(GST_BUFFER_DURATION(samples[2].buffer.get()), 100 * GST_MSECOND);
  EXPECT_EQ(GST_BUFFER_OFFSET(samples[2].buffer.get()), 11u);
}

TEST(SvgSceneSrc, HasNoTimestampsWithoutARate) {
  const std::vector<Sample> samples = samples_of(std::string(kSmall) + "num-images=1");
  EXPECT_EQ(samples[0].segment.format, GST_FORMAT_DEFAULT);
  EXPECT_FALSE(GST_BUFFER_PTS_IS_VALID(samples[0].buffer.get()));
}

TEST(SvgSceneSrc, ProcessesShareTheStreamWithoutOverlap) {
  std::multiset<int64_t> together;
  for (const char* which : {"0", "1", "2"}) {
    const ScopedVariable rank("RANK", which), world("WORLD_SIZE", "3");
    for (const int64_t i :
         indices_of(samples_of(std::string(kSmall) + "first-index=4 num-images=11")))
      together.insert(i);
  }
  EXPECT_EQ(std::vector<int64_t>(together.begin(), together.end()), steps(4, 11));
}

TEST(SvgSceneSrc, StopsAtOnceWhileItsThreadsWork) {
  for (int i = 0; i < 5; ++i) {
    Pipeline pipeline("svgscenesrc size=256 ! fakesink sync=false");
    ASSERT_TRUE(pipeline.go_to(GST_STATE_PLAYING));
    pipeline.stop();
    EXPECT_TRUE(pipeline.errors().empty());
  }
}

TEST(SvgSceneSrc, PlaysAgainFromTheStart) {
  Pipeline pipeline(std::string(kSmall) + "num-images=2 ! appsink name=out sync=false");
  EXPECT_TRUE(pipeline.run());
  EXPECT_TRUE(pipeline.run());
  EXPECT_EQ(indices_of(pipeline.take_samples()), (std::vector<int64_t>{0, 1, 0, 1}));
}

TEST(SvgSceneSrc, ReachesElementsThatConvertVideo) {
  const std::vector<Sample> samples =
      samples_of(std::string(kSmall) +
                 "num-images=2 ! videoconvert ! video/x-raw,format=BGRx ! videoscale ! "
                 "video/x-raw,width=32,height=32");
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(indices_of(samples), steps(0, 2));
}

}  // namespace
}  // namespace svgen::gst::testing
