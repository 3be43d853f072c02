// SPDX-License-Identifier: MIT
// Tests of svgencode: negotiation, features, pixel formats. Batching: test_encode_batches.cpp.
#include <gst/video/video.h>

#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(SvgEncode, GivesSemanticAndResidualFeatures) {
  const std::vector<Sample> samples = samples_of(video(1) + " ! svgencode");
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(caps_text(samples[0].caps.get()),
            "other/tensors, format=(string)static, num_tensors=(int)2, "
            "dimensions=(string)\"128:64:1\\,24:64:1\", types=(string)\"float32\\,float32\", "
            "framerate=(fraction)30/1");
  EXPECT_EQ(gst_buffer_n_memory(samples[0].buffer.get()), 2u);
}

struct FeatureCase {
  const char* nick;
  int64_t channels;
};

class SvgEncodeFeatures : public ::testing::TestWithParam<FeatureCase> {};

TEST_P(SvgEncodeFeatures, AloneAreThoseOfBoth) {
  const auto [nick, channels] = GetParam();
  const std::vector<Sample> both = samples_of(video(1) + " ! svgencode");
  const std::vector<Sample> one =
      samples_of(video(1) + " ! svgencode features=" + std::string(nick));
  ASSERT_EQ(one.at(0).tensors().size(), 1u);
  const Tensor tensor = one[0].tensors()[0];
  EXPECT_EQ(tensor.shape(), (Shape{1, kTokens, channels}));
  EXPECT_EQ(largest_difference(tensor, both[0].tensors()[channels == kResidual ? 1 : 0]), 0.0);
}

INSTANTIATE_TEST_SUITE_P(Kinds, SvgEncodeFeatures,
                         ::testing::Values(FeatureCase{"semantic", kSemantic},
                                           FeatureCase{"residual", kResidual}),
                         [](const auto& tested) { return std::string(tested.param.nick); });

TEST(SvgEncodeNegotiation, AScalerGoesToTheNativeSize) {
  Pipeline pipeline(
      "videotestsrc num-buffers=1 ! video/x-raw,width=320,height=240 ! videoscale name=s ! "
      "videoconvert ! svgencode ! appsink name=out sync=false");
  ASSERT_TRUE(pipeline.run());
  EXPECT_EQ(pipeline.take_samples().at(0).stream().grid, (Grid{8, 8}));
}

TEST(SvgEncodeNegotiation, AFreeSourceMakesTheNativeSize) {
  EXPECT_EQ(samples_of("videotestsrc num-buffers=1 ! svgencode").at(0).stream().grid, (Grid{8, 8}));
}

TEST(SvgEncodeNegotiation, OtherMultiplesOfThePatchSayTheirGrid) {
  const std::vector<Sample> samples = samples_of(video(1, "width=128,height=96") + " ! svgencode");
  EXPECT_EQ(samples.at(0).stream().grid, (Grid{12, 16}));
  EXPECT_THAT(caps_text(samples[0].caps.get()),
              AllOf(HasSubstr("grid-width=(int)16"), HasSubstr("grid-height=(int)12"),
                    HasSubstr("128:192:1")));
}

TEST(SvgEncodeNegotiation, ANonSquareGridReachesTheDecodedPicture) {
  const std::vector<Sample> samples =
      samples_of(video(1, "width=96,height=48") + " ! svgencode ! svgalign ! svgdecode");
  EXPECT_THAT(caps_text(samples.at(0).caps.get()),
              AllOf(HasSubstr("width=(int)96"), HasSubstr("height=(int)48")));
}

TEST(SvgEncodeNegotiation, WhatDoesNotDivideIsOneErrorThatSaysWhatToDo) {
  const std::string error = error_of(video(4, "width=100,height=60") + " ! svgencode ! fakesink");
  const std::string headline = error.substr(0, error.find('\n'));
  EXPECT_THAT(headline,
              AllOf(HasSubstr("videoscale"), HasSubstr("100x60"), HasSubstr("width=64,height=64")));
}

TEST(SvgEncodeNegotiation, PixelsThatAreNotSquareAreScaledIntoBorders) {
  Pipeline pipeline(
      "videotestsrc num-buffers=1 pattern=white ! "
      "video/x-raw,format=RGB,width=64,height=64,pixel-aspect-ratio=1/2 ! videoscale ! "
      "tee name=t ! queue ! svgencode ! fakesink  t. ! queue ! appsink name=out sync=false");
  ASSERT_TRUE(pipeline.run());
  const std::string pixels = pipeline.take_samples().at(0).bytes();
  EXPECT_EQ(pixels.size(), 64u * 64 * 3);
  EXPECT_EQ(pixels[(32 * 64 + 1) * 3], '\0');     // the border at the left
  EXPECT_EQ(pixels[(32 * 64 + 32) * 3], '\xff');  // the picture in the middle
}

class SvgEncodeFormat : public ::testing::TestWithParam<const char*> {};

// Returns the features of one picture, converted to `format` first, as bytes.
std::string features_in(const std::string& format) {
  return samples_of(
             "videotestsrc pattern=smpte num-buffers=1 ! "
             "video/x-raw,format=RGB,width=64,height=64,framerate=1/1 ! videoconvert ! "
             "video/x-raw,format=" +
             format + " ! svgencode")
      .at(0)
      .bytes();
}

TEST_P(SvgEncodeFormat, GivesTheSameFeatures) {
  static const std::string reference = features_in("RGB");
  EXPECT_TRUE(features_in(GetParam()) == reference);
}

INSTANTIATE_TEST_SUITE_P(Formats, SvgEncodeFormat,
                         ::testing::Values("BGR", "RGBx", "BGRx", "xRGB", "xBGR", "RGBA", "BGRA",
                                           "ARGB", "ABGR", "RGBP", "BGRP", "GBR"),
                         [](const auto& tested) { return std::string(tested.param); });

// Returns the features of one picture whose rows lie `stride` bytes apart.
std::string features_of_rows(int stride) {
  const HarnessPtr encoder = harness("svgencode");
  gst_harness_set_src_caps_str(encoder.get(), kPictureCaps);
  gint strides[4] = {stride};
  gsize offsets[4] = {32};
  const auto bytes = static_cast<gsize>(32 + stride * kSide);
  BufferPtr padded(gst_buffer_new_allocate(nullptr, bytes, nullptr));
  gst_buffer_memset(padded.get(), 0, 0xee, bytes);
  std::string row(kSide * 3, '\0');
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide * 3; ++x) row[static_cast<size_t>(x)] = static_cast<char>(x * 5 + y);
    gst_buffer_fill(padded.get(), static_cast<gsize>(32 + y * stride), row.data(), row.size());
  }
  gst_buffer_add_video_meta_full(padded.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_RGB,
                                 kSide, kSide, 1, offsets, strides);
  EXPECT_EQ(gst_harness_push(encoder.get(), padded.release()), GST_FLOW_OK);
  Sample sample;
  sample.buffer = pull(encoder);
  return sample.bytes();
}

TEST(SvgEncode, ReadsPaddedRowsThroughTheVideoMeta) {
  EXPECT_TRUE(features_of_rows(kSide * 3) == features_of_rows(kSide * 3 + 61));
}

TEST(SvgEncode, AsksForTheVideoMeta) {
  const HarnessPtr encoder = harness("svgencode");
  gst_harness_set_src_caps_str(encoder.get(), kPictureCaps);
  const CapsPtr caps(gst_caps_from_string(kPictureCaps));
  const QueryPtr query(gst_query_new_allocation(caps.get(), FALSE));
  GstPad* sink = gst_element_get_static_pad(encoder->element, "sink");
  if (sink == nullptr) sink = gst_pad_get_peer(encoder->srcpad);
  EXPECT_TRUE(gst_pad_query(sink, query.get()));
  EXPECT_TRUE(gst_query_find_allocation_meta(query.get(), GST_VIDEO_META_API_TYPE, nullptr));
  gst_object_unref(sink);
}

TEST(SvgEncode, ABufferThatIsTooShortIsAnError) {
  EXPECT_THAT(error_of("fakesrc num-buffers=1 sizetype=fixed sizemax=100 ! capsfilter caps=\"" +
                       std::string(kPictureCaps) + "\" ! svgencode ! fakesink"),
              HasSubstr("100 bytes"));
}

TEST(SvgEncode, FeaturesDifferBetweenPictures) {
  const std::vector<Sample> samples = samples_of(video(2) + " ! svgencode");
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_GT(largest_difference(samples[0].tensors()[0], samples[1].tensors()[0]), 1e-3);
  EXPECT_GT(largest_difference(samples[0].tensors()[1], samples[1].tensors()[1]), 1e-3);
}

}  // namespace
}  // namespace svgen::gst::testing
