// SPDX-License-Identifier: MIT
// Tests of the decoder: formats, and files that are not what they say.
#include <cmath>

#include "support.h"
#include "svgen/error.h"
#include "svgtrain/image_reader.h"

namespace svgen::gst::testing {
namespace {

using svgen::testing::read_text;
using svgen::testing::report_of;
using ::testing::HasSubstr;

// Writes a frame of a test pattern with an encoder of GStreamer.
fs::path encoded(const ScratchFolder& folder, const std::string& encoder, const std::string& name,
                 const std::string& format = "RGB") {
  const fs::path file = folder.path() / name;
  Pipeline pipeline("videotestsrc num-buffers=1 ! video/x-raw,width=64,height=48,format=" + format +
                    " ! videoconvert ! " + encoder + " ! filesink location=" + file.string());
  EXPECT_TRUE(pipeline.run()) << encoder;
  return file;
}

double mean_difference(const Picture& a, const Picture& b) {
  double sum = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / static_cast<double>(a.pixels.size());
}

TEST(ImageIo, ReadsJpegPngAndWebP) {
  const ScratchFolder folder;
  const Picture png = read_image(encoded(folder, "pngenc", "a.png"));
  ASSERT_EQ(png.width, 64);
  ASSERT_EQ(png.height, 48);
  // The pattern has seven bars: the first is white, the sixth red.
  EXPECT_GT(png.pixels[0], 180);
  const uint8_t* red = &png.pixels[(10 * 64 + 50) * 3];
  EXPECT_GT(red[0], 150);
  EXPECT_LT(red[2], 60);
  for (const auto& [encoder, name] :
       {std::pair{"jpegenc quality=95", "a.jpg"},
        {"video/x-raw,format=RGB ! webpenc lossless=true", "a.webp"}}) {
    const Picture other = read_image(encoded(folder, encoder, name));
    ASSERT_EQ(other.pixels.size(), png.pixels.size()) << name;
    EXPECT_LT(mean_difference(png, other), 4) << name;
  }
}

TEST(ImageIo, MakesRgbOfGrey) {
  const ScratchFolder folder;
  const Picture grey = read_image(encoded(folder, "pngenc", "g.png", "GRAY8"));
  ASSERT_EQ(grey.pixels.size(), 64u * 48u * 3u);
  for (size_t i = 0; i < grey.pixels.size(); i += 3) {
    ASSERT_EQ(grey.pixels[i], grey.pixels[i + 1]);
    ASSERT_EQ(grey.pixels[i], grey.pixels[i + 2]);
  }
}

TEST(ImageIo, RefusesTruncatedFiles) {
  const ScratchFolder folder;
  for (const auto& [encoder, name] :
       {std::pair{"jpegenc", "a.jpg"}, {"pngenc", "a.png"}, {"webpenc", "a.webp"}}) {
    const std::string whole = read_text(encoded(folder, encoder, name));
    for (const double share : {0.1, 0.5, 0.97}) {
      const auto size = static_cast<size_t>(static_cast<double>(whole.size()) * share);
      EXPECT_THROW(read_image(folder.write(std::string("cut-") + name, whole.substr(0, size))),
                   IoError)
          << name << " " << share;
    }
  }
}

TEST(ImageIo, TakesBytesBehindTheEndOfAJpeg) {
  const ScratchFolder folder;
  const fs::path file = encoded(folder, "jpegenc", "a.jpg");
  const Picture expected = read_image(file);
  EXPECT_EQ(read_image(folder.write("b.jpg", read_text(file) + "trailer")).pixels, expected.pixels);
}

TEST(ImageIo, RefusesWhatIsNoPicture) {
  const ScratchFolder folder;
  for (const std::string& bytes :
       {std::string("hello"), std::string("\xFF\xD8"), std::string("\xFF\xD8\xFF\xE0\xFF\xFF", 6),
        std::string(300, '\0'), std::string("\x89PNG\r\n\x1a\n"),
        std::string("RIFF1234WEBPVP8 ")}) {
    EXPECT_THAT(report_of<IoError>([&] { read_image(folder.write("x.jpg", bytes)); }),
                HasSubstr("x.jpg"));
  }
}

}  // namespace
}  // namespace svgen::gst::testing
