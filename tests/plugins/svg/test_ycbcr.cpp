// SPDX-License-Identifier: MIT
// Y'CbCr video at both ends of a model, without a converter: what svgencode reads, what svgdecode
// writes.
#include <gst/video/video.h>

#include <cmath>

#include "harness.h"

namespace svgen::gst::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const char* const kFormats[] = {"I420", "YV12", "NV12", "NV21"};
const char* const kColorimetries[] = {"bt601", "bt709", "bt2020", "1:4:0:0", "1:3:5:1"};
const char* const kLatents = "svgdiffuse steps=1 num-images=2 batch-size=2 classes=1,2 ";
constexpr size_t kLuma = kSide * kSide;

std::string raw(const std::string& format, const std::string& more = "") {
  return "video/x-raw,format=" + format + more;
}

std::string i420_picture(const std::string& colorimetry = "bt601", const char* site = "jpeg") {
  return "videotestsrc pattern=smpte num-buffers=1 ! " +
         raw("I420", ",width=64,height=64,framerate=1/1,colorimetry=(string)" + colorimetry +
                         ",chroma-site=" + site);
}

std::string features_of(const std::string& source) {
  return samples_of(source + " ! svgencode").at(0).bytes();
}

// Returns |a - b| / |b| over all semantic features.
double distance(const std::string& a, const std::string& b) {
  const Tensor x = samples_of(a + " ! svgencode").at(0).tensors()[0],
               y = samples_of(b + " ! svgencode").at(0).tensors()[0];
  double difference = 0, size = 0;
  for (int64_t i = 0; i < y.element_count(); ++i) {
    difference += std::pow(double{x.data_as<float>()[i]} - y.data_as<float>()[i], 2);
    size += std::pow(double{y.data_as<float>()[i]}, 2);
  }
  return std::sqrt(difference / size);
}

TEST(SvgEncodeYcbcr, EveryLayoutOfAPictureGivesTheSameFeatures) {
  const std::string reference = features_of(i420_picture());
  for (const char* format : kFormats) {
    EXPECT_TRUE(features_of(i420_picture() + " ! videoconvert ! " + raw(format)) == reference)
        << format;
  }
}

TEST(SvgEncodeYcbcr, FeaturesAreCloseToThoseOfTheConvertersRgb) {
  for (const char* colorimetry : kColorimetries) {
    for (const char* site : {"jpeg", "mpeg2"}) {
      // From NV12 the converter interpolates colour, from I420 it does not.
      const std::string source = i420_picture(colorimetry, site) + " ! videoconvert ! " +
                                 raw("NV12") + " ! videoconvert ! " + raw("RGB");
      EXPECT_LE(distance(i420_picture(colorimetry, site), source), 0.03) << colorimetry << site;
    }
  }
}

TEST(SvgEncodeYcbcr, AScaleInFrontNeedsNoConverter) {
  const std::vector<Sample> samples = samples_of(
      "videotestsrc num-buffers=2 ! " + raw("NV12", ",width=320,height=240,framerate=5/1") +
      " ! videoscale ! svgencode batch-size=2");
  EXPECT_EQ(samples.at(0).stream().grid, (Grid{8, 8}));
}

TEST(SvgEncodeYcbcr, ASharedBufferIsOnlyRead) {
  Pipeline pipeline(i420_picture() +
                    " ! tee name=t ! queue ! svgencode ! fakesink  t. ! queue ! appsink name=out "
                    "sync=false");
  ASSERT_TRUE(pipeline.run());
  EXPECT_TRUE(pipeline.take_samples().at(0).bytes() == samples_of(i420_picture()).at(0).bytes());
}

// Returns the features of an I420 picture with so many bytes of padding behind each plane's rows.
std::string features_of_rows(int luma, int cb, int cr, const std::string& colorimetry = "bt601") {
  const HarnessPtr encoder = harness("svgencode");
  gst_harness_set_src_caps_str(
      encoder.get(),
      raw("I420", ",width=64,height=64,framerate=10/1,colorimetry=(string)" + colorimetry).c_str());
  gint strides[4] = {kSide + luma, kSide / 2 + cb, kSide / 2 + cr};
  gsize offsets[4] = {32};
  for (int plane = 0; plane < 2; ++plane)
    offsets[plane + 1] =
        offsets[plane] + static_cast<gsize>(strides[plane] * kSide / (plane == 0 ? 1 : 2));
  const gsize size = offsets[2] + static_cast<gsize>(strides[2] * kSide / 2);
  BufferPtr picture(gst_buffer_new_allocate(nullptr, size, nullptr));
  gst_buffer_memset(picture.get(), 0, 0xee, size);
  for (int plane = 0; plane < 3; ++plane) {
    const int side = plane == 0 ? kSide : kSide / 2;
    std::string row(static_cast<size_t>(side), '\0');
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x)
        row[static_cast<size_t>(x)] = static_cast<char>(x * (plane + 2) + y);
      gst_buffer_fill(picture.get(), offsets[plane] + static_cast<gsize>(y * strides[plane]),
                      row.data(), row.size());
    }
  }
  gst_buffer_add_video_meta_full(picture.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_I420,
                                 kSide, kSide, 3, offsets, strides);
  EXPECT_EQ(gst_harness_push(encoder.get(), picture.release()), GST_FLOW_OK);
  Sample sample;
  sample.buffer = pull(encoder);
  return sample.bytes();
}

TEST(SvgEncodeYcbcr, ReadsPaddedRowsThroughTheVideoMeta) {
  const std::string reference = features_of_rows(0, 0, 0);
  EXPECT_TRUE(features_of_rows(61, 7, 7) == reference);
  EXPECT_TRUE(features_of_rows(3, 5, 11) == reference);
}

TEST(SvgEncodeYcbcr, TheSameLevelsMeanOtherColoursInAnotherColorimetry) {
  const std::string reference = features_of_rows(0, 0, 0);
  for (const char* colorimetry : {"bt709", "1:4:0:0"})
    EXPECT_FALSE(features_of_rows(0, 0, 0, colorimetry) == reference) << colorimetry;
}

TEST(SvgEncodeYcbcr, ABufferThatIsTooShortIsAnError) {
  EXPECT_THAT(
      error_of("fakesrc num-buffers=1 sizetype=fixed sizemax=100 ! capsfilter caps=\"" +
               raw("I420", ",width=64,height=64,framerate=10/1") + "\" ! svgencode ! fakesink"),
      AllOf(HasSubstr("6144 bytes of I420"), HasSubstr("100 bytes")));
}

Sample frame_as(const std::string& caps) {
  return std::move(samples_of(std::string(kLatents) + "! svgdecode ! " + caps).at(1));
}

int largest_step(const std::string& a, const std::string& b) {
  EXPECT_EQ(a.size(), b.size());
  int largest = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    largest = std::max(largest, std::abs(static_cast<uint8_t>(a[i]) - static_cast<uint8_t>(b[i])));
  return largest;
}

// Returns the largest difference, in levels, from what a converter makes of RGB.
int converter_step(const char* format, const char* colorimetry) {
  const std::string wanted =
      raw(format, std::string(",chroma-site=jpeg,colorimetry=(string)") + colorimetry);
  return largest_step(frame_as(wanted).bytes(),
                      frame_as(raw("RGB") + " ! videoconvert ! " + wanted).bytes());
}

TEST(SvgDecodeYcbcr, HoldsWhatTheConverterMakesOfRgb) {
  for (const char* format : kFormats) EXPECT_LE(converter_step(format, "bt601"), 2) << format;
  for (const char* colorimetry : kColorimetries)
    EXPECT_LE(converter_step("I420", colorimetry), 2) << colorimetry;
}

TEST(SvgDecodeYcbcr, SaysWhatItsLevelsMean) {
  EXPECT_THAT(caps_text(frame_as(raw("I420")).caps.get()),
              AllOf(HasSubstr("colorimetry=(string)bt601"), HasSubstr("chroma-site=(string)jpeg"),
                    HasSubstr("interlace-mode=(string)progressive")));
}

TEST(SvgDecodeYcbcr, SheetsHoldTheFrames) {
  const std::string wanted = raw("I420");
  const std::string sheet =
      samples_of(std::string(kLatents) + "! svgdecode grid-columns=3 ! " + wanted).at(0).bytes();
  const std::string frames[] = {
      samples_of(std::string(kLatents) + "! svgdecode ! " + wanted).at(0).bytes(),
      frame_as(wanted).bytes()};
  ASSERT_EQ(sheet.size(), 3 * frames[0].size());
  // Where each plane begins in a frame (three times that in the sheet), and its side in samples.
  for (const auto& [first, side] :
       {std::pair<size_t, size_t>{0, kSide}, {kLuma, kSide / 2}, {kLuma * 5 / 4, kSide / 2}}) {
    for (size_t y = 0; y < side; ++y) {
      const std::string row = sheet.substr(3 * (first + y * side), 3 * side);
      for (size_t n = 0; n < 2; ++n)
        ASSERT_TRUE(row.substr(n * side, side) == frames[n].substr(first + y * side, side)) << y;
      // A cell without an image is black.
      ASSERT_TRUE(row.substr(2 * side) == std::string(side, first == 0 ? '\x10' : '\x80')) << y;
    }
  }
}

TEST(SvgDecodeYcbcr, VideoPassesThroughWithoutAConverter) {
  const std::vector<Sample> frames =
      samples_of("videotestsrc pattern=ball num-buffers=3 ! " +
                 raw("NV12", ",width=64,height=64,framerate=5/1") +
                 " ! svgencode batch-size=2 ! svgalign ! svgdecode ! " + raw("NV12"));
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[2].bytes().size(), kLuma * 3 / 2);
}

}  // namespace
}  // namespace svgen::gst::testing
