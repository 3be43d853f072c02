// SPDX-License-Identifier: MIT
// Tests of video buffers as views on pixels.
#include "common/video_frames.h"

#include "harness.h"
#include "svgen/error.h"

namespace svgen::gst::testing {
namespace {

using ::testing::HasSubstr;

GstVideoInfo info_of(GstVideoFormat format, int width, int height) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, format, static_cast<guint>(width), static_cast<guint>(height));
  return info;
}

class PixelFormat : public ::testing::TestWithParam<const char*> {};

TEST_P(PixelFormat, WhatIsWrittenInOneViewIsReadInTheOther) {
  const GstVideoInfo info = info_of(gst_video_format_from_string(GetParam()), 6, 4);
  const BufferPtr buffer(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  {
    const MappedFrame frame(buffer.get(), info, GST_MAP_WRITE);
    frame.blacken();
    const MutableImageView view = frame.mutable_view();
    for (int c = 0; c < 3; ++c) view.row(c, 2)[3 * view.pixel_stride] = static_cast<uint8_t>(c + 1);
  }
  const MappedFrame frame(buffer.get(), info, GST_MAP_READ);
  const ImageView view = frame.view();
  EXPECT_EQ(view.width, 6);
  EXPECT_EQ(view.height, 4);
  for (int c = 0; c < 3; ++c) {
    EXPECT_EQ(view.row(c, 2)[3 * view.pixel_stride], c + 1);
    EXPECT_EQ(view.row(c, 0)[0], 0);
  }
}

TEST_P(PixelFormat, ABlackFrameIsOpaque) {
  const GstVideoInfo info = info_of(gst_video_format_from_string(GetParam()), 6, 4);
  const BufferPtr buffer(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  gst_buffer_memset(buffer.get(), 0, 7, info.size);
  const MappedFrame frame(buffer.get(), info, GST_MAP_READWRITE);
  frame.blacken();
  GstVideoFrame mapped;
  ASSERT_EQ(frame.has_alpha(), GST_VIDEO_INFO_HAS_ALPHA(&info));
  if (!frame.has_alpha()) return;
  ASSERT_TRUE(gst_video_frame_map(&mapped, &info, buffer.get(), GST_MAP_READ));
  EXPECT_EQ(*static_cast<guint8*>(GST_VIDEO_FRAME_COMP_DATA(&mapped, GST_VIDEO_COMP_A)), 255);
  gst_video_frame_unmap(&mapped);
}

INSTANTIATE_TEST_SUITE_P(Formats, PixelFormat,
                         ::testing::Values("RGB", "BGR", "RGBx", "BGRx", "xRGB", "xBGR", "RGBA",
                                           "BGRA", "ARGB", "ABGR", "RGBP", "BGRP", "GBR"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST(MappedFrame, FollowsTheStridesOfTheVideoMeta) {
  const GstVideoInfo info = info_of(GST_VIDEO_FORMAT_RGB, 4, 2);
  const BufferPtr buffer(gst_buffer_new_allocate(nullptr, 100 + 2 * 40, nullptr));
  gst_buffer_memset(buffer.get(), 0, 0, 180);
  gst_buffer_memset(buffer.get(), 100 + 40, 9, 1);  // red of the second row's first pixel
  gsize offsets[4] = {100};
  gint strides[4] = {40};
  gst_buffer_add_video_meta_full(buffer.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_RGB, 4,
                                 2, 1, offsets, strides);
  const MappedFrame frame(buffer.get(), info, GST_MAP_READ);
  EXPECT_EQ(frame.view().row_stride, 40);
  EXPECT_EQ(*frame.view().row(0, 1), 9);
}

TEST_P(PixelFormat, TransparentPixelsAreSeenInFrontOfWhite) {
  const GstVideoInfo info = info_of(gst_video_format_from_string(GetParam()), 6, 4);
  if (!GST_VIDEO_INFO_HAS_ALPHA(&info)) return;
  const BufferPtr buffer(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  GstVideoFrame mapped;
  ASSERT_TRUE(gst_video_frame_map(&mapped, &info, buffer.get(), GST_MAP_WRITE));
  constexpr uint8_t kLevels[] = {200, 100, 0}, kAlphas[] = {255, 128, 0};
  for (int x = 0; x < 3; ++x) {
    for (guint c = 0; c < 4; ++c)
      static_cast<guint8*>(
          GST_VIDEO_FRAME_COMP_DATA(&mapped, c))[x * GST_VIDEO_FRAME_COMP_PSTRIDE(&mapped, c)] =
          c == 3 ? kAlphas[x] : kLevels[c];
  }
  gst_video_frame_unmap(&mapped);
  const MappedFrame frame(buffer.get(), info, GST_MAP_READ);
  const ImageView view = frame.view();
  constexpr int kSeen[3][3] = {{200, 100, 0}, {227, 177, 127}, {255, 255, 255}};
  for (int x = 0; x < 3; ++x)
    for (int c = 0; c < 3; ++c) EXPECT_EQ(view.row(c, 0)[x * view.pixel_stride], kSeen[x][c]);
}

TEST(MappedFrame, PlanesOfDifferentStridesAreRefused) {
  const GstVideoInfo info = info_of(GST_VIDEO_FORMAT_RGBP, 4, 2);
  const BufferPtr buffer(gst_buffer_new_allocate(nullptr, 300, nullptr));
  gsize offsets[4] = {0, 100, 200};
  gint strides[4] = {4, 8, 4};
  gst_buffer_add_video_meta_full(buffer.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_RGBP, 4,
                                 2, 3, offsets, strides);
  const MappedFrame frame(buffer.get(), info, GST_MAP_READ);
  EXPECT_THROW(frame.view(), IoError);
}

TEST(MappedFrame, ABufferThatIsTooSmallIsAnError) {
  const GstVideoInfo info = info_of(GST_VIDEO_FORMAT_RGB, 64, 64);
  const BufferPtr buffer(gst_buffer_new_allocate(nullptr, 10, nullptr));
  EXPECT_THROW(MappedFrame(buffer.get(), info, GST_MAP_READ), IoError);
}

TEST(VideoCaps, InterlacedVideoIsRefusedWithTheElementThatHelps) {
  for (const char* mode : {"interleaved", "mixed"}) {
    const std::string text =
        std::string("video/x-raw,format=I420,width=8,height=8,interlace-mode=") + mode;
    const CapsPtr caps(gst_caps_from_string(text.c_str()));
    EXPECT_THAT(svgen::testing::report_of<ShapeError>([&] { video_info_of(caps.get()); }),
                HasSubstr("deinterlace"));
  }
}

TEST(VideoCaps, TheNativeSizeComesFirstThenMultiplesOfThePatch) {
  const CapsPtr caps = accepted_video_caps({.height = 6, .width = 10, .cell = 8});
  ASSERT_EQ(gst_caps_get_size(caps.get()), 2u);
  gint width = 0, height = 0;
  ASSERT_TRUE(gst_structure_get_int(gst_caps_get_structure(caps.get(), 0), "width", &width));
  ASSERT_TRUE(gst_structure_get_int(gst_caps_get_structure(caps.get(), 0), "height", &height));
  EXPECT_EQ(width, 80);
  EXPECT_EQ(height, 48);
  const auto accepts = [&](const char* text) {
    const CapsPtr one(gst_caps_from_string(text));
    return gst_caps_can_intersect(one.get(), caps.get()) != FALSE;
  };
  EXPECT_TRUE(accepts("video/x-raw,width=128,height=96"));
  EXPECT_FALSE(accepts("video/x-raw,width=100,height=96"));
  EXPECT_FALSE(accepts("video/x-raw,width=0,height=96"));
  EXPECT_FALSE(accepts("video/x-raw,width=64,height=64,pixel-aspect-ratio=4/3"));
  EXPECT_TRUE(accepts("video/x-raw,format=I420,width=64,height=64,colorimetry=bt709"));
  EXPECT_FALSE(accepts("video/x-raw,format=Y444,width=64,height=64"));
}

TEST(VideoCaps, APictureHasOneSizeAndSquarePixels) {
  const std::string text = caps_text(produced_video_caps(64, 48, {25, 2}).get());
  EXPECT_THAT(text, HasSubstr("width=(int)64, height=(int)48"));
  EXPECT_THAT(text, HasSubstr("framerate=(fraction)25/2"));
  EXPECT_THAT(text, HasSubstr("pixel-aspect-ratio=(fraction)1/1"));
  EXPECT_THAT(text, HasSubstr("colorimetry=(string)sRGB"));
}

TEST(VideoCaps, WithoutARateAnyWillDo) {
  EXPECT_THAT(caps_text(produced_video_caps(64, 48, {0, 1}).get()),
              HasSubstr("framerate=(fraction)[ 0/1"));
}

TEST(VideoCaps, ColourThatIsSharedIsNotOffered) {
  const auto offers = [](bool only_rgb, const char* format) {
    const CapsPtr caps = produced_video_caps(66, 44, {0, 1}, only_rgb);
    const CapsPtr one(gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, format, nullptr));
    return gst_caps_can_intersect(one.get(), caps.get()) != FALSE;
  };
  EXPECT_TRUE(offers(false, "NV12"));
  EXPECT_FALSE(offers(true, "NV12"));
  EXPECT_TRUE(offers(true, "RGB"));
}

TEST(VideoCaps, YcbcrIsInTheColorimetryOfTheSizeFirst) {
  const auto fixed = [](int64_t height, const char* wish) {
    const CapsPtr wanted(gst_caps_from_string(wish));
    const CapsPtr offered = produced_video_caps(64, height, {25, 1});
    const CapsPtr chosen(gst_caps_fixate(gst_caps_intersect(offered.get(), wanted.get())));
    return caps_text(chosen.get());
  };
  const char* const kAny = "video/x-raw,format=I420";
  EXPECT_THAT(fixed(64, kAny), HasSubstr("colorimetry=(string)bt601"));
  EXPECT_THAT(fixed(720, kAny), HasSubstr("colorimetry=(string)bt709"));
  EXPECT_THAT(fixed(64, kAny), HasSubstr("chroma-site=(string)jpeg"));
  EXPECT_THAT(fixed(64, "video/x-raw,format=I420,colorimetry=bt2020"),
              HasSubstr("colorimetry=(string)bt2020"));
}

TEST(VideoCaps, YcbcrIsNeverInRgbsColorimetry) {
  const CapsPtr caps = produced_video_caps(64, 64, {25, 1});
  const CapsPtr wrong(gst_caps_from_string("video/x-raw,format=I420,colorimetry=sRGB"));
  EXPECT_FALSE(gst_caps_can_intersect(caps.get(), wrong.get()));
}

class YcbcrFormat : public ::testing::TestWithParam<const char*> {};

TEST_P(YcbcrFormat, HasItsSamplesInPlace) {
  const GstVideoInfo info = info_of(gst_video_format_from_string(GetParam()), 7, 5);
  ASSERT_TRUE(is_ycbcr(info));
  const BufferPtr buffer(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  {
    const MappedFrame frame(buffer.get(), info, GST_MAP_WRITE);
    frame.blacken();
    const MutableYcbcrView view = frame.mutable_ycbcr_view();
    EXPECT_EQ(view.row(0, 4)[6], 16);
    EXPECT_EQ(view.row(1, 2)[3 * view.chroma_step], 128);
    view.row(0, 4)[6] = 1;
    for (int c = 1; c < 3; ++c) view.row(c, 2)[3 * view.chroma_step] = static_cast<uint8_t>(c + 1);
  }
  GstVideoFrame mapped;
  ASSERT_TRUE(gst_video_frame_map(&mapped, &info, buffer.get(), GST_MAP_READ));
  const auto sample = [&](int c, int y, int x) {
    return static_cast<const uint8_t*>(
        GST_VIDEO_FRAME_COMP_DATA(&mapped, c))[y * GST_VIDEO_FRAME_COMP_STRIDE(&mapped, c) +
                                               x * GST_VIDEO_FRAME_COMP_PSTRIDE(&mapped, c)];
  };
  EXPECT_EQ(sample(0, 4, 6), 1);
  EXPECT_EQ(sample(1, 2, 3), 2);
  EXPECT_EQ(sample(2, 2, 3), 3);
  EXPECT_EQ(sample(2, 0, 0), 128);
  gst_video_frame_unmap(&mapped);
}

INSTANTIATE_TEST_SUITE_P(Formats, YcbcrFormat, ::testing::Values("I420", "YV12", "NV12", "NV21"),
                         [](const auto& tested) { return std::string(tested.param); });

struct CodingCase {
  const char* colorimetry;
  const char* site;
  YcbcrCoding coding;
};

TEST(YcbcrCoding, IsThatOfTheCaps) {
  for (const CodingCase& row :
       {CodingCase{"bt601", "jpeg", {}},
        {"bt601", "mpeg2", {.at_left = true}},
        {"bt709", "cosited", {0.2126, 0.0722, 16, 219, 224, true, true}},
        {"bt2020", "v-cosited", {0.2627, 0.0593, 16, 219, 224, false, true}},
        {"1:4:0:0", "jpeg", {0.299, 0.114, 0, 255, 255}}}) {
    const CapsPtr caps(gst_caps_from_string(
        ("video/x-raw,format=NV12,width=64,height=64,framerate=1/1,colorimetry=(string)" +
         std::string(row.colorimetry) + ",chroma-site=" + row.site)
            .c_str()));
    EXPECT_EQ(coding_of(video_info_of(caps.get())), row.coding) << row.colorimetry << row.site;
  }
}

TEST(YcbcrCoding, AMatrixOfRgbIsRefused) {
  GstVideoInfo info = info_of(GST_VIDEO_FORMAT_I420, 8, 8);
  info.colorimetry.matrix = GST_VIDEO_COLOR_MATRIX_RGB;
  EXPECT_THROW(coding_of(info), ShapeError);
}

TEST(Rates, MultiplyInLowestTerms) {
  EXPECT_EQ(multiplied({30, 1}, 1, 4), (Fraction{15, 2}));
  EXPECT_EQ(multiplied({15, 2}, 4, 1), (Fraction{30, 1}));
  EXPECT_EQ(multiplied({0, 1}, 4, 1), (Fraction{0, 1}));
  EXPECT_EQ(multiplied({30000, 1001}, 1, 8), (Fraction{3750, 1001}));
}

TEST(Rates, AnOverflowIsNoRate) {
  EXPECT_EQ(multiplied({G_MAXINT, 1}, G_MAXINT, 1), (Fraction{0, 1}));
}

TEST(Rates, FrameTimesDoNotDrift) {
  EXPECT_EQ(frame_time(0, {30, 1}), 0u);
  EXPECT_EQ(frame_time(30, {30, 1}), GST_SECOND);
  EXPECT_EQ(frame_time(30000ull * 1000, {30000, 1001}), 1001000 * GST_SECOND);
}

}  // namespace
}  // namespace svgen::gst::testing
