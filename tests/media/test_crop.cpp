// SPDX-License-Identifier: MIT
// Tests of training crops.
#include "svgen/crop.h"

#include <set>

#include "media/resample.h"
#include "svgen/error.h"
#include "svgen/safetensors.h"
#include "svgen/support.h"

namespace svgen {
namespace {

using testing::read_picture;

Picture gradient(int64_t width, int64_t height) {
  Picture picture(width, height);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      uint8_t* pixel = picture.mutable_view().row(0, y) + 3 * x;
      pixel[0] = static_cast<uint8_t>(x * 255 / width);
      pixel[1] = static_cast<uint8_t>(y * 255 / height);
      pixel[2] = static_cast<uint8_t>((x + y) % 256);
    }
  }
  return picture;
}

class ReferenceCrop : public ::testing::TestWithParam<int> {};

TEST_P(ReferenceCrop, EqualsTheReferenceToTheByte) {
  const std::string file = SVGEN_TEST_DATA "/tiny/cases.safetensors";
  const std::string name = "pre." + std::to_string(GetParam());
  const Picture source = read_picture(file, name + ".in");
  const Picture expected = read_picture(file, name + ".out");
  Picture out(expected.width, expected.height);
  center_crop(source.view(), out.mutable_view());
  EXPECT_EQ(out.pixels, expected.pixels);
}

INSTANTIATE_TEST_SUITE_P(AllSizes, ReferenceCrop, ::testing::Range(0, 5));

TEST(CenterCrop, TakesPicturesOfExtremeShapes) {
  Picture out(16, 16);
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 500}, {4000, 3}, {16, 17}})
    center_crop(gradient(width, height).view(), out.mutable_view());
}

TEST(CenterCrop, RefusesToMakeARectangle) {
  Picture out(16, 17);
  EXPECT_THROW(center_crop(gradient(40, 40).view(), out.mutable_view()), ShapeError);
}

TEST(RandomCrop, InTheMiddleIsTheCentreCropOfASmallPicture) {
  const Picture source = gradient(51, 34);  // less than twice the size: no halving
  Picture random(20, 20), centre(20, 20);
  random_crop(source.view(), {0.5, 0.5, false}, random.mutable_view());
  center_crop(source.view(), centre.mutable_view());
  EXPECT_EQ(random.pixels, centre.pixels);
}

TEST(RandomCrop, ReachesBothEndsOfTheLongerSide) {
  const Picture source = gradient(90, 30);
  for (const double x : {0.0, 0.99999}) {
    Picture out(30, 30), expected(30, 30);
    random_crop(source.view(), {x, 0.7, false}, out.mutable_view());
    resample(source.view(), 90, 30, ResampleFilter::kBicubic, x > 0 ? 60 : 0, 0,
             expected.mutable_view());
    EXPECT_EQ(out.pixels, expected.pixels);
  }
}

TEST(Variation, IsAFunctionOfSeedEpochAndItem) {
  const Variation a = variation(5, 2, 70), b = variation(5, 2, 70);
  EXPECT_EQ(a.x, b.x);
  EXPECT_EQ(a.y, b.y);
  EXPECT_EQ(a.flip, b.flip);
  EXPECT_NE(a.x, variation(6, 2, 70).x);
  EXPECT_NE(a.x, variation(5, 3, 70).x);
  EXPECT_NE(a.x, variation(5, 2, 71).x);
}

TEST(Variation, FlipsHalfOfTheImagesAndCoversTheRange) {
  constexpr int kImages = 10'000;
  int flips = 0;
  double sum = 0;
  for (int i = 0; i < kImages; ++i) {
    const Variation v = variation(1, 0, i);
    ASSERT_TRUE(v.x >= 0 && v.x < 1 && v.y >= 0 && v.y < 1);
    flips += v.flip;
    sum += v.x;
  }
  EXPECT_NEAR(flips, kImages / 2, 5 * 50);  // five standard deviations
  EXPECT_NEAR(sum / kImages, 0.5, 5 * 0.289 / 100);
}

}  // namespace
}  // namespace svgen
