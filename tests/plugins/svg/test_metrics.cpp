// SPDX-License-Identifier: MIT
// svgmetrics: two streams, matched by time, into JSON lines and a message.
#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::HasSubstr;

const std::string kFrames = "video/x-raw,format=RGB,width=32,height=24,framerate=10/1";

// Returns a line that compares two streams and sends the output of svgmetrics to an appsink.
std::string comparison(const std::string& reference, const std::string& test,
                       const std::string& settings = "") {
  return "svgmetrics name=svgm " + settings + " ! appsink name=out  " + reference + " ! " +
         kFrames + " ! queue ! svgm.reference  " + test + " ! " + kFrames + " ! queue ! svgm.test";
}

std::string pattern(int frames, const std::string& more = "pattern=ball") {
  return "videotestsrc num-buffers=" + std::to_string(frames) + " " + more;
}

std::vector<std::string> lines_of(Pipeline& pipeline) {
  std::vector<std::string> lines;
  for (const Sample& sample : pipeline.take_samples()) lines.push_back(sample.bytes());
  return lines;
}

TEST(SvgMetrics, TheSameVideoIsIdentical) {
  Pipeline pipeline(comparison(pattern(3), pattern(3)));
  ASSERT_TRUE(pipeline.run());
  EXPECT_THAT(lines_of(pipeline),
              ::testing::ElementsAre("{\"frame\": 0, \"psnr\": null, \"ssim\": 1}\n",
                                     "{\"frame\": 1, \"psnr\": null, \"ssim\": 1}\n",
                                     "{\"frame\": 2, \"psnr\": null, \"ssim\": 1}\n",
                                     HasSubstr("\"frames\": 3, \"unmatched\": 0")));
}

TEST(SvgMetrics, BlackAgainstWhiteIsZeroDecibels) {
  Pipeline pipeline(
      comparison(pattern(2, "pattern=black"), pattern(2, "pattern=white"), "ssim=false"));
  ASSERT_TRUE(pipeline.run());
  EXPECT_EQ(lines_of(pipeline).front(), "{\"frame\": 0, \"psnr\": 0}\n");
  const auto messages = pipeline.messages_named("svg-metrics");
  ASSERT_EQ(messages.size(), 1u);
  gdouble psnr = -1;
  gint64 frames = 0;
  EXPECT_TRUE(gst_structure_get_double(messages[0], "psnr", &psnr));
  EXPECT_TRUE(gst_structure_get_int64(messages[0], "frames", &frames));
  EXPECT_EQ(psnr, 0);
  EXPECT_EQ(frames, 2);
  EXPECT_FALSE(gst_structure_has_field(messages[0], "ssim"));
}

TEST(SvgMetrics, FramesWithoutAPartnerAreLeftOut) {
  // The test stream begins two frames later.
  Pipeline pipeline(comparison(pattern(5), pattern(3, "timestamp-offset=200000000")));
  ASSERT_TRUE(pipeline.run());
  const auto lines = lines_of(pipeline);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_THAT(lines.back(), HasSubstr("\"frames\": 3, \"unmatched\": 2"));
}

TEST(SvgMetrics, FramesBehindTheEndOfTheOtherStreamCountOnBothSides) {
  for (const auto& [reference, test] : {std::pair(5, 3), {3, 5}}) {
    Pipeline pipeline(comparison(pattern(reference), pattern(test)));
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    const MessagePtr warning = pipeline.wait_for(GST_MESSAGE_WARNING);
    ASSERT_TRUE(warning);
    GError* error = nullptr;
    gst_message_parse_warning(warning.get(), &error, nullptr);
    EXPECT_THAT(error->message, HasSubstr(reference > test ? "2 of reference" : "2 of test"));
    g_error_free(error);
    EXPECT_TRUE(pipeline.wait_for_end());
    EXPECT_THAT(lines_of(pipeline).back(), HasSubstr("\"frames\": 3, \"unmatched\": 2"));
    pipeline.stop();
  }
}

TEST(SvgMetrics, AStreamWithoutFramesIsAnError) {
  EXPECT_THAT(error_of(comparison(pattern(3), "videotestsrc num-buffers=0")),
              HasSubstr("a stream brought no frame"));
}

TEST(SvgMetrics, StreamsThatNeverMeetAreAnError) {
  EXPECT_THAT(error_of(comparison(pattern(2), pattern(2, "timestamp-offset=50000000"))),
              HasSubstr("no two frames had the same time"));
}

TEST(SvgMetrics, RefusesTwoSizes) {
  EXPECT_THAT(error_of("svgmetrics name=svgm ! fakesink  " + pattern(2) + " ! " + kFrames +
                       " ! svgm.reference  " + pattern(2) +
                       " ! video/x-raw,format=RGB,width=64,height=24,framerate=10/1 ! svgm.test"),
              HasSubstr("one size"));
}

TEST(SvgMetrics, LpipsWhereItsWeightsAre) {
  const std::string weights = SVGEN_TEST_DATA "/tiny/svg_autoencoder_tiny.ckpt";
  Pipeline pipeline(comparison(pattern(2), pattern(2), "lpips=" + weights));
  ASSERT_TRUE(pipeline.run());
  EXPECT_THAT(lines_of(pipeline).back(), HasSubstr("\"lpips\": 0}"));
  EXPECT_THAT(error_of(comparison(pattern(2), pattern(2), "lpips=/nowhere/vgg.pth")),
              HasSubstr("/nowhere/vgg.pth"));
}

TEST(SvgMetrics, ComparesAgainFromTheStart) {
  Pipeline pipeline(comparison(pattern(2), pattern(2)));
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(pipeline.run());
    EXPECT_THAT(lines_of(pipeline).back(), HasSubstr("\"frames\": 2,"));
  }
}

}  // namespace
}  // namespace svgen::gst::testing
