// SPDX-License-Identifier: MIT
// Tests of what picture files say, with headers made by hand, and of pictures seen as they are
// meant.
#include "media/picture_facts.h"

#include "svgen/picture.h"
#include "svgen/support.h"

namespace svgen {
namespace {

using testing::read_text;

PictureFacts facts_of(const std::string& bytes) {
  return picture_facts({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

// One directory with width, height and orientation, in one of the byte orders.
std::string tiff(bool big, int orientation) {
  const auto number = [&](int value, int size) {
    std::string text;
    for (int i = 0; i < size; ++i)
      text += static_cast<char>(value >> 8 * (big ? size - 1 - i : i) & 0xFF);
    return text;
  };
  const auto entry = [&](int tag, int value) {
    return number(tag, 2) + number(3, 2) + number(1, 4) + number(value, 2) + number(0, 2);
  };
  return std::string(big ? "MM" : "II") + number(42, 2) + number(8, 4) + number(3, 2) +
         entry(256, 7) + entry(257, 5) + entry(274, orientation) + number(0, 4);
}

std::string png_chunk(const std::string& name, const std::string& data) {
  return bytes({0, 0, 0, static_cast<int>(data.size())}) + name + data + "CRC.";
}

std::string png(const std::string& more, int colour = 2) {
  return "\x89PNG\r\n\x1a\n" +
         png_chunk("IHDR", bytes({0, 0, 1, 2, 0, 0, 0, 9, 8, colour, 0, 0, 0})) + more +
         png_chunk("IEND", "");
}

std::string jpeg(const std::string& more, const std::string& end = "\xFF\xD9") {
  return "\xFF\xD8" + more + bytes({0xFF, 0xC2, 0, 11, 8, 0, 9, 1, 2, 1, 1, 0x11, 0}) +
         bytes({0xFF, 0xDA, 0, 2}) + "scan" + end;
}

std::string app1(const std::string& data) {
  return bytes({0xFF, 0xE1, 0, static_cast<int>(data.size()) + 2}) + data;
}

std::string riff(const std::string& name, const std::string& data) {
  return name + bytes({static_cast<int>(data.size()), 0, 0, 0}) + data +
         std::string(data.size() % 2, '\0');
}

std::string webp(const std::string& chunks, int flags = 0) {
  return "RIFF....WEBP" + riff("VP8X", bytes({flags, 0, 0, 0, 1, 1, 0, 8, 0, 0})) + chunks;
}

TEST(PictureFacts, KnowsSizesBeforeAnythingIsDecoded) {
  const std::pair<std::string, std::string> cases[] = {
      {"JPEG", jpeg("")},
      {"PNG", png("")},
      {"WebP", webp("")},
      {"BMP", "BM" + std::string(12, '\0') + bytes({40, 0, 0, 0, 2, 1, 0, 0, 0xF7, 255, 255, 255})},
      {"PNM", "P6\n# 44 5\n258 9\n255\n"},
      {"JPEG 2000",
       bytes({0, 0, 0, 12}) + "jP  \r\n" + "....ihdr" + bytes({0, 0, 0, 9, 0, 0, 1, 2})}};
  for (const auto& [format, file] : cases) {
    const PictureFacts facts = facts_of(file);
    EXPECT_EQ(facts.format, format);
    EXPECT_TRUE(facts.is_read) << format;
    EXPECT_EQ(facts.width, 258) << format;
    EXPECT_EQ(facts.height, 9) << format;
    EXPECT_EQ(facts.orientation, 1) << format;
    EXPECT_EQ(facts.pictures, 1) << format;
  }
}

TEST(PictureFacts, NamesKindsThatAreNotRead) {
  for (const auto& [format, file] :
       {std::pair{"GIF", "GIF89a"}, {"AVIF", "....ftypavif"}, {"HEIF", "....ftypheic"}}) {
    EXPECT_EQ(facts_of(file).format, format);
    EXPECT_FALSE(facts_of(file).is_read) << format;
  }
  for (const char* file : {"", "hello", "BMW", "P6x", "P", "\xFF\xD8"})
    EXPECT_EQ(facts_of(file).format, "") << file;
}

TEST(PictureFacts, FindsTheOrientationWhereverItIs) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool big : {false, true}) {
      const std::string exif = tiff(big, orientation), named = std::string("Exif\0\0", 6) + exif;
      for (const std::string& file :
           {jpeg(app1(named)), jpeg(app1("http://ns.adobe.com/xap/1.0/") + app1(named)),
            png(png_chunk("eXIf", exif)), png(png_chunk("IDAT", "..") + png_chunk("eXIf", exif)),
            webp(riff("EXIF", exif)), webp(riff("VP8 ", "odd") + riff("EXIF", named)), exif})
        EXPECT_EQ(facts_of(file).orientation, orientation) << file;
      const PictureFacts facts = facts_of(exif);
      EXPECT_EQ(static_cast<int>(exif[facts.orientation_at + (big ? 1 : 0)]), orientation);
      EXPECT_EQ(facts.width, 7);
      EXPECT_EQ(facts.height, 5);
    }
  }
}

TEST(PictureFacts, AnOrientationThatIsNoneCountsAsUpright) {
  for (const int orientation : {0, 9, 255})
    EXPECT_EQ(facts_of(png(png_chunk("eXIf", tiff(true, orientation)))).orientation, 1);
  EXPECT_EQ(facts_of(png(png_chunk("eXIf", "MM"))).orientation, 1);
}

TEST(PictureFacts, FillBytesBeforeAMarkerAreNothing) {
  const PictureFacts facts =
      facts_of(jpeg("\xFF\xFF\xFF" + app1("x") + "\xFF\xFF\xFF\xFF" + app1("y")));
  EXPECT_EQ(facts.width, 258);
  EXPECT_FALSE(facts.truncated);
}

TEST(PictureFacts, AJpegWithoutItsEndIsTruncated) {
  EXPECT_TRUE(facts_of(jpeg("", "")).truncated);
  EXPECT_TRUE(facts_of(jpeg("").substr(0, 12)).truncated);
  EXPECT_FALSE(facts_of(jpeg("") + "trailer").truncated);
}

TEST(PictureFacts, KnowsAlphaAndAnimations) {
  EXPECT_FALSE(facts_of(png("")).may_have_alpha);
  EXPECT_TRUE(facts_of(png("", 6)).may_have_alpha);
  EXPECT_TRUE(facts_of(png(png_chunk("tRNS", "x"), 3)).may_have_alpha);
  EXPECT_EQ(facts_of(png(png_chunk("tRNS", bytes({0, 77})), 0)).transparent_grey, 77);
  EXPECT_EQ(facts_of(png(png_chunk("tRNS", "x"), 3)).transparent_grey, -1);
  EXPECT_TRUE(facts_of(webp("", 0x10)).may_have_alpha);
  EXPECT_EQ(facts_of(png(png_chunk("acTL", bytes({0, 0, 0, 3, 0, 0, 0, 0})))).pictures, 3);
  EXPECT_EQ(facts_of(webp(riff("ANMF", "x") + riff("ANMF", "y"), 2)).pictures, 2);
}

TEST(PictureFacts, TakesTheFirstFrameOutOfAnAnimatedWebP) {
  const std::string place = bytes({1, 0, 0, 2, 0, 0, 6, 0, 0, 4, 0, 0, 100, 0, 0, 0});
  const auto frame_of = [](const std::string& file) {
    return first_webp_frame({reinterpret_cast<const uint8_t*>(file.data()), file.size()});
  };
  const WebPFrame frame =
      frame_of(webp(riff("ANIM", "......") + riff("ANMF", place + riff("VP8 ", "data")) +
                    riff("ANMF", place + riff("VP8 ", "more"))));
  EXPECT_EQ(frame.x, 2);
  EXPECT_EQ(frame.y, 4);
  EXPECT_EQ(std::string(frame.file.begin(), frame.file.end()),
            "RIFF" + bytes({16, 0, 0, 0}) + "WEBP" + riff("VP8 ", "data"));
  const WebPFrame with_alpha =
      frame_of(webp(riff("ANMF", place + riff("ALPH", "aa") + riff("VP8 ", "data"))));
  const PictureFacts facts = picture_facts(with_alpha.file);
  EXPECT_TRUE(facts.may_have_alpha);
  EXPECT_EQ(facts.width, 7);
  EXPECT_EQ(facts.height, 5);
  EXPECT_TRUE(frame_of(webp(riff("ANMF", "short"))).file.empty());
}

TEST(PictureFacts, AnyBytesAreFine) {
  for (const std::string& whole :
       {jpeg(app1(std::string("Exif\0\0", 6) + tiff(true, 6))),
        png(png_chunk("eXIf", tiff(false, 6))),
        webp(riff("EXIF", tiff(false, 6)) + riff("ANMF", "x")), tiff(true, 6)}) {
    for (size_t i = 0; i < whole.size(); ++i) {
      facts_of(whole.substr(0, i));
      for (const char value : {'\0', '\x7F', '\xFF'}) {
        std::string changed = whole;
        changed[i] = value;
        facts_of(changed);
        first_webp_frame({reinterpret_cast<const uint8_t*>(changed.data()), changed.size()});
      }
    }
  }
}

// Where the top left and the top right corner of a seen picture lie in the stored one, after the
// EXIF standard's words ("the 0th row is the visual right-hand side ...").
TEST(Oriented, TurnsAsExifSays) {
  const Picture stored = [] {
    Picture picture(3, 2);
    for (size_t i = 0; i < 6; ++i)
      picture.pixels[3 * i] = static_cast<uint8_t>(i);  // red: 0 1 2 / 3 4 5
    return picture;
  }();
  const char* seen[] = {"012/345",  "210/543",  "543/210",  "345/012",
                        "03/14/25", "30/41/52", "52/41/30", "25/14/03"};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const ImageView view = oriented(stored.view(), orientation);
    std::string text;
    for (int64_t y = 0; y < view.height; ++y) {
      if (y > 0) text += "/";
      for (int64_t x = 0; x < view.width; ++x)
        text += static_cast<char>('0' + view.row(0, y)[x * view.pixel_stride]);
    }
    EXPECT_EQ(text, seen[orientation - 1]) << orientation;
  }
}

}  // namespace
}  // namespace svgen
