// SPDX-License-Identifier: MIT
// Tests of reading picture files through the module that is opened on first use.
#include "svgtrain/image_reader.h"

#include <array>
#include <cstdlib>

#include "support.h"
#include "svgen/error.h"

namespace svgen::gst::testing {
namespace {

using svgen::testing::read_text;
using svgen::testing::report_of;
using ::testing::AllOf;
using ::testing::HasSubstr;

const fs::path kPictures = fs::path(SVGEN_TEST_DATA) / "pictures";

// Returns the colours near the four corners in reading order: R, G, B, Y or ?.
std::string corners_of(const Picture& picture) {
  constexpr std::array<std::pair<char, std::array<int, 3>>, 4> kColours = {
      {{'R', {200, 30, 30}}, {'G', {30, 180, 30}}, {'B', {30, 30, 220}}, {'Y', {220, 220, 40}}}};
  std::string found;
  for (const int64_t y : {int64_t{2}, picture.height - 3}) {
    for (const int64_t x : {int64_t{2}, picture.width - 3}) {
      const uint8_t* pixel = &picture.pixels[static_cast<size_t>((y * picture.width + x) * 3)];
      char name = '?';
      for (const auto& [letter, colour] : kColours) {
        int apart = 0;
        for (size_t c = 0; c < 3; ++c) apart = std::max(apart, std::abs(pixel[c] - colour[c]));
        if (apart < 40) name = letter;
      }
      found += name;
    }
  }
  return found;
}

uint8_t red_at(const Picture& picture, int64_t x, int64_t y) {
  return picture.pixels[static_cast<size_t>((y * picture.width + x) * 3)];
}

// Returns the file with another orientation in its tag.
std::string with_orientation(std::string file, int orientation) {
  const std::string little("\x12\x01\x03\x00\x01\x00\x00\x00", 8),
      big("\x01\x12\x00\x03\x00\x00\x00\x01\x00", 9);
  const size_t a = file.find(little), b = file.find(big);
  EXPECT_TRUE(a != std::string::npos || b != std::string::npos);
  file[a != std::string::npos ? a + little.size() : b + big.size()] =
      static_cast<char>(orientation);
  return file;
}

TEST(ImageReader, ReadsAFileToThePixel) {
  const ScratchFolder folder;
  const Picture expected = numbered_picture(1);
  const Picture found = read_image(folder.write("a.ppm", ppm(expected)));
  EXPECT_EQ(found.width, expected.width);
  EXPECT_EQ(found.height, expected.height);
  EXPECT_EQ(found.pixels, expected.pixels);
}

TEST(ImageReader, TurnsPicturesAsTheirTagSays) {
  const ScratchFolder folder;
  // The file stores R G above B Y.
  const char* seen[] = {"RGBY", "GRYB", "YBGR", "BYRG", "RBGY", "BRYG", "YGBR", "GYRB"};
  for (const char* name : {"o6.jpg", "o6.png", "o6.webp", "o6.tiff"}) {
    const std::string file = read_text(kPictures / name);
    for (int orientation = 1; orientation <= 8; ++orientation) {
      const fs::path path = folder.write(name, with_orientation(file, orientation));
      const Picture applied = read_image(path);
      EXPECT_EQ(corners_of(applied), seen[orientation - 1]) << name << " " << orientation;
      EXPECT_EQ(applied.width, orientation < 5 ? 60 : 40) << name;
      const Picture ignored = read_image(path, {.orientation = Orientation::kIgnore});
      EXPECT_EQ(corners_of(ignored), "RGBY") << name << " " << orientation;
      EXPECT_EQ(ignored.width, 60) << name;
    }
  }
}

TEST(ImageReader, PutsWhatIsTransparentOnWhite) {
  for (const char* name : {"rgba.png", "rgba.webp", "rgba.tiff", "la.png"}) {
    const Picture picture = read_image(kPictures / name);
    EXPECT_EQ(red_at(picture, 0, 2), 255) << name;  // alpha 0
    // Half-way the blue has alpha 125, and white shows through: (30 * 125 + 255 * 130) / 255.
    const bool is_grey = std::string(name) == "la.png";
    EXPECT_TRUE(is_grey || std::abs(red_at(picture, 29, 30) - 145) <= 2) << name;
    EXPECT_LT(red_at(picture, 59, 2), 160) << name;  // opaque
  }
  EXPECT_EQ(corners_of(read_image(kPictures / "pal-trns.png"))[1], 'G');
}

TEST(ImageReader, LeavesAlphaOutWhenAsked) {
  for (const char* name : {"rgba.png", "rgba.webp", "rgba.tiff"})
    EXPECT_EQ(corners_of(read_image(kPictures / name, {.alpha = Alpha::kDrop})), "RGBY") << name;
}

TEST(ImageReader, ReadsFourColoursSixteenBitsAndFillBytes) {
  for (const char* name : {"quad.jpg", "cmyk.jpg", "fill-bytes.jpg"}) {
    const Picture picture = read_image(kPictures / name);
    EXPECT_EQ(corners_of(picture), "RGB?") << name;  // the fourth is white
    EXPECT_NEAR(picture.pixels.back(), 230, 3) << name;
  }
  EXPECT_EQ(red_at(read_image(kPictures / "i16.png"), 2, 2), 200);
}

TEST(ImageReader, TakesTheFirstOfManyAndSaysSo) {
  for (const char* name : {"anim.webp", "multi.tiff"}) {
    std::string note;
    EXPECT_GT(read_image(kPictures / name, {}, &note).width, 0) << name;
    EXPECT_THAT(note, HasSubstr("first picture")) << name;
  }
  EXPECT_EQ(corners_of(read_image(kPictures / "multi.tiff")), "RGBY");
}

TEST(ImageReader, SaysWhatKindItDoesNotRead) {
  EXPECT_THAT(report_of<IoError>([] { read_image(kPictures / "anim.gif"); }),
              AllOf(HasSubstr("GIF"), HasSubstr("convert")));
}

TEST(ImageReader, RefusesTooManyPixelsBeforeDecodingThem) {
  const ScratchFolder folder;
  const fs::path huge = folder.write("a.ppm", "P6\n100000 100000\n255\n");
  EXPECT_THAT(report_of<IoError>([&] { read_image(huge); }),
              AllOf(HasSubstr("100000 x 100000"), HasSubstr("max-pixels")));
  const ReadOptions few{.max_pixels = 60 * 40 - 1}, enough{.max_pixels = 60 * 40};
  EXPECT_THROW(read_image(kPictures / "o6.png", few), IoError);
  EXPECT_NO_THROW(read_image(kPictures / "o6.png", enough));
}

TEST(ImageReader, SaysThatAFileIsMissing) {
  EXPECT_THAT(report_of<IoError>([] { read_image("/nowhere/a.jpg"); }),
              HasSubstr("/nowhere/a.jpg"));
}

TEST(ImageReader, SaysThatAFileIsEmptyOrAFolder) {
  const ScratchFolder folder;
  EXPECT_THROW(read_image(folder.write("a.jpg", "")), IoError);
  EXPECT_THROW(read_image(folder.path()), IoError);
}

}  // namespace
}  // namespace svgen::gst::testing
