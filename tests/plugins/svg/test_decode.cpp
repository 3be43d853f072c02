// SPDX-License-Identifier: MIT
// Tests of svgdecode.
#include <gst/video/video.h>

#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const char* const kTwo = "svgdiffuse steps=1 num-images=2 batch-size=2 classes=1,2 ";

TEST(SvgDecode, GivesOneFrameForEachImage) {
  const std::vector<Sample> frames = samples_of(std::string(kTwo) + "! svgdecode");
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_THAT(
      caps_text(frames[0].caps.get()),
      AllOf(HasSubstr("video/x-raw"), HasSubstr("width=(int)64"), HasSubstr("height=(int)64"),
            HasSubstr("pixel-aspect-ratio=(fraction)1/1"), HasSubstr("colorimetry=(string)sRGB")));
  EXPECT_NE(frames[0].bytes(), frames[1].bytes());
}

TEST(SvgDecodeTimes, WithoutAClockDownstreamChoosesTheRate) {
  const std::vector<Sample> frames = samples_of(
      "svgdiffuse steps=1 num-images=3 batch-size=2 ! svgdecode ! video/x-raw,framerate=8/1");
  ASSERT_EQ(frames.size(), 3u);
  for (guint64 i = 0; i < 3; ++i) {
    EXPECT_EQ(GST_BUFFER_PTS(frames[i].buffer.get()), i * GST_SECOND / 8);
    EXPECT_EQ(GST_BUFFER_DURATION(frames[i].buffer.get()), GST_SECOND / 8);
    EXPECT_EQ(frames[i].segment.format, GST_FORMAT_TIME);
  }
}

TEST(SvgDecodeTimes, WithoutAnyWishTheRateIsThirty) {
  const std::vector<Sample> frames = samples_of(std::string(kTwo) + "! svgdecode");
  EXPECT_THAT(caps_text(frames.at(1).caps.get()), HasSubstr("framerate=(fraction)30/1"));
  EXPECT_EQ(GST_BUFFER_PTS(frames[1].buffer.get()), GST_SECOND / 30);
}

TEST(SvgDecodeTimes, TheRateOfBatchesIsMultipliedBack) {
  const std::vector<Sample> frames =
      samples_of(video(5) + " ! svgencode batch-size=2 ! svgalign ! svgdecode");
  ASSERT_EQ(frames.size(), 5u);
  for (guint64 i = 0; i < 5; ++i) {
    EXPECT_THAT(caps_text(frames[i].caps.get()), HasSubstr("framerate=(fraction)30/1"));
    EXPECT_EQ(GST_BUFFER_PTS(frames[i].buffer.get()), gst_util_uint64_scale(i, GST_SECOND, 30));
  }
}

TEST(SvgDecodeTimes, AGeneratorWithARateCountsFromItsFirstImage) {
  const std::vector<Sample> frames = samples_of(
      "svgdiffuse steps=1 num-images=3 first-index=7 batch-size=2 framerate=4/1 ! svgdecode");
  ASSERT_EQ(frames.size(), 3u);
  for (guint64 i = 0; i < 3; ++i) {
    EXPECT_EQ(GST_BUFFER_PTS(frames[i].buffer.get()), i * GST_SECOND / 4);
    EXPECT_THAT(caps_text(frames[i].caps.get()), HasSubstr("framerate=(fraction)4/1"));
  }
}

TEST(SvgDecodeTimes, OffsetsCountFrames) {
  const std::vector<Sample> frames = samples_of(std::string(kTwo) + "! svgdecode");
  EXPECT_EQ(GST_BUFFER_OFFSET(frames.at(1).buffer.get()), 1u);
  EXPECT_EQ(GST_BUFFER_OFFSET_END(frames.at(1).buffer.get()), 2u);
}

class SvgDecodeFormat : public ::testing::TestWithParam<const char*> {};

std::string rgb_through(const std::string& format) {
  return samples_of(std::string(kTwo) + "! svgdecode ! video/x-raw,format=" + format +
                    " ! videoconvert ! video/x-raw,format=RGB")
      .at(0)
      .bytes();
}

TEST_P(SvgDecodeFormat, HoldsTheSamePicture) {
  static const std::string reference = rgb_through("RGB");
  EXPECT_TRUE(rgb_through(GetParam()) == reference);
}

INSTANTIATE_TEST_SUITE_P(Formats, SvgDecodeFormat,
                         ::testing::Values("BGR", "RGBx", "BGRx", "xRGB", "xBGR", "RGBA", "BGRA",
                                           "ARGB", "ABGR", "RGBP", "BGRP", "GBR"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST(SvgDecode, PicturesWithAlphaAreOpaque) {
  const std::string pixels =
      samples_of(std::string(kTwo) + "! svgdecode ! video/x-raw,format=RGBA").at(1).bytes();
  ASSERT_EQ(pixels.size(), 64u * 64 * 4);
  for (size_t i = 3; i < pixels.size(); i += 4) ASSERT_EQ(pixels[i], '\xff') << i;
}

class SvgDecodeSheet : public ::testing::Test {
 protected:
  static Sample sheet(const std::string& settings, const std::string& more = "") {
    std::vector<Sample> sheets =
        samples_of("svgdiffuse steps=1 seed=4 classes=all " + settings + " ! svgdecode " + more);
    EXPECT_EQ(sheets.size(), 1u);
    return std::move(sheets.at(0));
  }
  // Returns the RGB bytes of cell `index` of a sheet with so many columns.
  static std::string cell(const std::string& sheet, int columns, int index) {
    std::string pixels;
    for (int y = 0; y < kSide; ++y) {
      const size_t row = static_cast<size_t>((index / columns * kSide + y) * columns * kSide +
                                             index % columns * kSide);
      pixels += sheet.substr(row * 3, kSide * 3);
    }
    return pixels;
  }
};

TEST_F(SvgDecodeSheet, HoldsTheFramesRowByRow) {
  const Sample whole = sheet("num-images=5 batch-size=5", "grid-columns=3");
  EXPECT_THAT(caps_text(whole.caps.get()),
              AllOf(HasSubstr("width=(int)192"), HasSubstr("height=(int)128")));
  const std::vector<Sample> frames =
      samples_of("svgdiffuse steps=1 seed=4 classes=all num-images=5 ! svgdecode");
  for (int i = 0; i < 5; ++i)
    EXPECT_TRUE(cell(whole.bytes(), 3, i) == frames[static_cast<size_t>(i)].bytes()) << i;
}

TEST_F(SvgDecodeSheet, CellsWithoutAnImageAreBlack) {
  const Sample whole = sheet("num-images=5 batch-size=5", "grid-columns=3");
  EXPECT_TRUE(cell(whole.bytes(), 3, 5) == std::string(kSide * kSide * 3, '\0'));
}

TEST_F(SvgDecodeSheet, CellsWithoutAnImageAreOpaque) {
  const Sample whole =
      sheet("num-images=1 batch-size=1", "grid-columns=2 ! video/x-raw,format=BGRA");
  const std::string pixels = whole.bytes();
  EXPECT_EQ(pixels.substr(pixels.size() - 4), std::string("\0\0\0\xff", 4));
}

TEST_F(SvgDecodeSheet, APaddedBatchShowsOnlyTheReal) {
  const std::vector<Sample> sheets = samples_of(
      video(3) +
      " ! svgencode batch-size=2 partial-batch=pad ! svgalign ! svgdecode grid-columns=2");
  ASSERT_EQ(sheets.size(), 2u);
  EXPECT_TRUE(cell(sheets[1].bytes(), 2, 1) == std::string(kSide * kSide * 3, '\0'));
}

TEST_F(SvgDecodeSheet, CarriesTheFactsOfAllItsImages) {
  const Sample whole = sheet("num-images=4 batch-size=4", "grid-columns=2");
  EXPECT_EQ(image_facts(whole.buffer.get(), 4)[3].label, 3);
}

TEST(SvgDecode, FramesCarryTheFactsOfTheirImage) {
  const std::vector<Sample> frames = samples_of(
      "svgdiffuse steps=1 num-images=3 batch-size=2 classes=4,5,6 seed=9 ! svgdecode ! "
      "videoconvert ! video/x-raw,format=I420");
  ASSERT_EQ(frames.size(), 3u);
  for (int64_t i = 0; i < 3; ++i) {
    const ImageFacts fact = image_facts(frames[static_cast<size_t>(i)].buffer.get(), 1)[0];
    EXPECT_EQ(fact.index, i);
    EXPECT_EQ(fact.label, 4 + i);
    EXPECT_EQ(fact.seed, 9u);
  }
}

class RawLatents : public ::testing::Test {
 protected:
  void SetUp() override {
    file_ = folder_.path() / "latents";
    Pipeline dump("svgdiffuse steps=1 num-images=4 batch-size=2 ! filesink location=" +
                  file_.string());
    ASSERT_TRUE(dump.run());
    for (const Sample& frame :
         samples_of("svgdiffuse steps=1 num-images=4 batch-size=2 ! svgdecode"))
      expected_.push_back(frame.bytes());
  }
  std::string source(const std::string& dimensions, int blocksize) const {
    return "filesrc location=" + file_.string() + " blocksize=" + std::to_string(blocksize) +
           " ! capsfilter caps=\"other/tensors,format=static,num_tensors=1,types=(string)float32,"
           "framerate=(fraction)0/1,dimensions=(string)" +
           dimensions + "\"";
  }

  static constexpr int kImage = kTokens * kLatent * 4;
  ScratchFolder folder_;
  fs::path file_;
  std::vector<std::string> expected_;
};

TEST_F(RawLatents, PlayFromAFileInAnySpelling) {
  const std::pair<const char*, int> spellings[] = {
      {"152:64", 1}, {"152:64:1", 1}, {"152:64:1:1", 1}, {"152:64:2", 2}, {"152:64:4:1", 4}};
  for (const auto& [dimensions, batch] : spellings) {
    const std::vector<Sample> frames =
        samples_of(source(dimensions, batch * kImage) + " ! svgdecode");
    ASSERT_EQ(frames.size(), 4u) << dimensions;
    for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(frames[i].bytes() == expected_[i]) << dimensions;
  }
}

TEST_F(RawLatents, ASegmentOfBytesBecomesTime) {
  const std::vector<Sample> frames = samples_of(source("152:64:2", 2 * kImage) + " ! svgdecode");
  for (guint64 i = 0; i < 4; ++i) {
    EXPECT_EQ(frames[i].segment.format, GST_FORMAT_TIME);
    EXPECT_EQ(GST_BUFFER_PTS(frames[i].buffer.get()), gst_util_uint64_scale(i, GST_SECOND, 30));
    EXPECT_TRUE(GST_BUFFER_DURATION_IS_VALID(frames[i].buffer.get()));
  }
}

TEST_F(RawLatents, AnotherBlocksizeIsAnErrorThatNamesTheRightOne) {
  EXPECT_THAT(error_of(source("152:64:2", 4096) + " ! svgdecode ! fakesink"),
              HasSubstr("blocksize=77824"));
}

TEST_F(RawLatents, AFileThatEndsWithinABatchIsAnError) {
  EXPECT_THAT(error_of(source("152:64:3", 3 * kImage) + " ! svgdecode ! fakesink"),
              HasSubstr("one batch"));
}

TEST_F(RawLatents, ANonSquareGridCanBeGiven) {
  const std::vector<Sample> frames =
      samples_of(source("152:64:1,grid-width=(int)16,grid-height=(int)4", kImage) + " ! svgdecode");
  EXPECT_THAT(caps_text(frames.at(0).caps.get()),
              AllOf(HasSubstr("width=(int)128"), HasSubstr("height=(int)32")));
}

TEST_F(RawLatents, ValuesThatAreNotFiniteAreAnError) {
  std::string bytes = svgen::testing::read_text(file_);
  const float bad = std::numeric_limits<float>::quiet_NaN();
  bytes.replace(400, 4, reinterpret_cast<const char*>(&bad), 4);
  folder_.write("latents", bytes);
  EXPECT_THAT(error_of(source("152:64:1", kImage) + " ! svgdecode ! fakesink"),
              HasSubstr("finite"));
}

TEST(SvgDecode, HalfPrecisionLatentsDecode) {
  const ScratchFolder folder;
  folder.write("zeros", std::string(kTokens * kLatent * 4, '\0'));
  const auto frames_of = [&](const std::string& type) {
    return samples_of(
        "filesrc location=" + (folder.path() / "zeros").string() +
        " blocksize=19456 ! capsfilter caps=\"other/tensors,format=static,num_tensors=1,"
        "framerate=0/1,dimensions=(string)152:64:1,types=(string)" +
        type + "\" ! svgdecode");
  };
  EXPECT_TRUE(frames_of("float16").at(0).bytes() == frames_of("bfloat16").at(0).bytes());
  EXPECT_THAT(
      error_of("filesrc location=" + (folder.path() / "zeros").string() +
               " blocksize=38912 ! capsfilter caps=\"other/tensors,format=static,num_tensors=1,"
               "framerate=0/1,dimensions=(string)152:64:1,types=(string)int32\" ! svgdecode "
               "! fakesink"),
      HasSubstr("float"));
}

TEST(SvgDecode, AFlushForgetsTheRestOfABatch) {
  const HarnessPtr decoder = harness("svgdecode");
  gst_harness_set_src_caps_str(
      decoder.get(),
      "other/tensors,format=(string)static,num_tensors=(int)1,framerate=(fraction)2/1,"
      "dimensions=(string)152:64:2,types=(string)float32");
  const gsize size = 2 * kTokens * kLatent * 4;
  for (int round = 0; round < 2; ++round) {
    BufferPtr batch(gst_buffer_new_allocate(nullptr, size, nullptr));
    gst_buffer_memset(batch.get(), 0, 0, size);
    GST_BUFFER_PTS(batch.get()) = GST_SECOND;
    ASSERT_EQ(gst_harness_push(decoder.get(), batch.release()), GST_FLOW_OK);
    EXPECT_EQ(GST_BUFFER_PTS(pull(decoder).get()), GST_SECOND);
    EXPECT_EQ(GST_BUFFER_PTS(pull(decoder).get()), GST_SECOND + GST_SECOND / 4);
    gst_harness_push_event(decoder.get(), gst_event_new_flush_start());
    gst_harness_push_event(decoder.get(), gst_event_new_flush_stop(TRUE));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(decoder.get(), gst_event_new_segment(&segment));
  }
  EXPECT_EQ(gst_harness_buffers_in_queue(decoder.get()), 0u);
}

TEST(SvgDecode, AModelWithoutADecoderIsAnError) {
  const ScratchFolder folder;
  const std::string text = svgen::testing::read_text(fs::path(SVGEN_MODELS) / "mini/card.json");
  const size_t first = text.find("\"decoder\""), last = text.find("\"diffusion\"");
  const fs::path card = other_card(folder, "other", {{text.substr(first, last - first), ""}});
  EXPECT_THAT(error_of("svgdiffuse steps=1 num-images=1 model=" + card.string() +
                       " ! svgdecode ! fakesink"),
              HasSubstr("no decoder"));
}

}  // namespace
}  // namespace svgen::gst::testing
