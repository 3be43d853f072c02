// SPDX-License-Identifier: MIT
// Tests of resizing.
#include "media/resample.h"

#include <algorithm>

#include "svgen/error.h"
#include "svgen/picture.h"
#include "svgen/random.h"
#include "svgen/support.h"

namespace svgen {
namespace {

Picture random_picture(int64_t width, int64_t height) {
  Picture picture(width, height);
  for (size_t i = 0; i < picture.pixels.size(); ++i)
    picture.pixels[i] = static_cast<uint8_t>(philox({static_cast<uint32_t>(i)}, {1, 2})[0]);
  return picture;
}

Picture resized(const Picture& source, int64_t width, int64_t height, ResampleFilter filter) {
  Picture out(width, height);
  resample(source.view(), filter, out.mutable_view());
  return out;
}

TEST(Resample, AnEqualSizeCopies) {
  const Picture source = random_picture(17, 9);
  EXPECT_EQ(resized(source, 17, 9, ResampleFilter::kBicubic).pixels, source.pixels);
  EXPECT_EQ(resized(source, 17, 9, ResampleFilter::kBox).pixels, source.pixels);
}

TEST(Resample, AFlatPictureStaysFlat) {
  Picture source(31, 23);
  std::fill(source.pixels.begin(), source.pixels.end(), uint8_t{201});
  for (const auto filter : {ResampleFilter::kBox, ResampleFilter::kBicubic}) {
    const Picture out = resized(source, 12, 40, filter);
    EXPECT_TRUE(std::all_of(out.pixels.begin(), out.pixels.end(), [](int v) { return v == 201; }));
  }
}

TEST(Resample, BoxHalvingTakesTheMeanAlongRowsThenColumnsRoundedUpEachTime) {
  Picture source(2, 2);
  source.pixels = {0, 10, 255, 1, 11, 255, 2, 13, 255, 2, 14, 254};
  // Rows: (0+1)/2 = .5 -> 1, (2+2)/2 = 2; columns: (1+2)/2 = 1.5 -> 2.
  EXPECT_EQ(resized(source, 1, 1, ResampleFilter::kBox).pixels, (std::vector<uint8_t>{2, 13, 255}));
}

TEST(Resample, AWindowIsThatPartOfTheWhole) {
  const Picture source = random_picture(50, 37);
  const Picture whole = resized(source, 33, 61, ResampleFilter::kBicubic);
  Picture window(7, 11);
  resample(source.view(), 33, 61, ResampleFilter::kBicubic, 20, 45, window.mutable_view());
  for (int64_t y = 0; y < window.height; ++y) {
    const uint8_t* expected = whole.view().row(0, 45 + y) + 20 * 3;
    EXPECT_TRUE(std::equal(expected, expected + 7 * 3, window.view().row(0, y))) << y;
  }
}

TEST(Resample, PlanarPicturesGiveTheSameNumbers) {
  const Picture source = random_picture(20, 14);
  const Picture packed = resized(source, 8, 9, ResampleFilter::kBicubic);
  std::vector<uint8_t> planes(20 * 14 * 3), out(8 * 9 * 3);
  for (size_t i = 0; i < source.pixels.size(); ++i) planes[i % 3 * 280 + i / 3] = source.pixels[i];
  resample(ImageView{20, 14, {&planes[0], &planes[280], &planes[560]}, 20, 1},
           ResampleFilter::kBicubic, MutableImageView{8, 9, {&out[0], &out[72], &out[144]}, 8, 1});
  for (size_t i = 0; i < out.size(); ++i) EXPECT_EQ(packed.pixels[i], out[i % 3 * 72 + i / 3]);
}

TEST(Resample, CommutesWithMirroring) {
  const Picture source = random_picture(24, 10);
  const Picture plain = resized(source, 13, 10, ResampleFilter::kBicubic);
  Picture mirror(13, 10);
  resample(mirrored(source.view()), ResampleFilter::kBicubic, mirrored(mirror.mutable_view()));
  for (size_t i = 0; i < plain.pixels.size(); ++i)
    EXPECT_NEAR(plain.pixels[i], mirror.pixels[i], 1) << i;  // windows round to one side
}

TEST(Resample, RefusesAWindowOutsideAndEmptySizes) {
  const Picture source = random_picture(4, 4);
  Picture out(4, 4);
  const auto window = [&](int64_t w, int64_t h, int64_t x, int64_t y) {
    resample(source.view(), w, h, ResampleFilter::kBox, x, y, out.mutable_view());
  };
  EXPECT_THROW(window(4, 4, 1, 0), ShapeError);
  EXPECT_THROW(window(8, 8, 0, -1), ShapeError);
  EXPECT_THROW(window(0, 8, 0, 0), ShapeError);
  EXPECT_THROW(resample(ImageView{}, ResampleFilter::kBox, out.mutable_view()), ShapeError);
}

}  // namespace
}  // namespace svgen
