// SPDX-License-Identifier: MIT
// Comparing pictures, against values that scikit-image gave for the same pictures.
#include "media/picture_metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "svgen/error.h"
#include "svgen/picture.h"

namespace svgen {
namespace {

// Pictures that any language can make: pixel i of picture k.
Picture pattern(int64_t width, int64_t height, int k) {
  Picture picture(width, height);
  for (size_t i = 0; i < picture.pixels.size(); ++i)
    picture.pixels[i] =
        static_cast<uint8_t>((i * i / 7 + i * static_cast<size_t>(k) * 3 + 11) % 251);
  return picture;
}

Picture noisy(Picture picture, int amount) {
  for (size_t i = 0; i < picture.pixels.size(); ++i)
    picture.pixels[i] = static_cast<uint8_t>(
        std::min<size_t>(255, picture.pixels[i] + i * 31 % static_cast<size_t>(amount)));
  return picture;
}

struct Case {
  int64_t width, height;
  int amount;
  double error, psnr, ssim;
};

// skimage.metrics 0.26.0: mean_squared_error, peak_signal_noise_ratio(data_range=255),
// structural_similarity(data_range=255, channel_axis=2, gaussian_weights=True, sigma=1.5,
// use_sample_covariance=False).
constexpr Case kCases[] = {
    {11, 11, 9, 22.633608815426996, 34.58326555314801, 0.99890748865262446},
    {64, 64, 5, 5.998942057291667, 40.350056936829183, 0.9996682293650111},
    {37, 20, 60, 1055.9594594594594, 17.894331158434333, 0.95105153191260194},
    {16, 48, 200, 8318.7335069444453, 8.9302314909800966, 0.63752973424396797},
};

TEST(PictureMetrics, EqualScikitImage) {
  for (const Case& c : kCases) {
    const Picture a = pattern(c.width, c.height, 1), b = noisy(a, c.amount);
    const double error = mean_squared_error(a.view(), b.view());
    EXPECT_NEAR(error, c.error, 1e-9 * c.error);
    EXPECT_NEAR(psnr_of_error(error), c.psnr, 1e-9);
    EXPECT_NEAR(structural_similarity(a.view(), b.view()), c.ssim, 1e-9);
  }
}

TEST(PictureMetrics, APictureIsLikeItself) {
  const Picture a = pattern(16, 12, 2);
  EXPECT_EQ(mean_squared_error(a.view(), a.view()), 0);
  EXPECT_TRUE(std::isinf(psnr_of_error(0)));
  EXPECT_NEAR(structural_similarity(a.view(), a.view()), 1, 1e-12);
}

TEST(PictureMetrics, RefusesPicturesThatDoNotFit) {
  const Picture a = pattern(16, 16, 1), b = pattern(16, 15, 1), small = pattern(10, 10, 1);
  EXPECT_THROW(mean_squared_error(a.view(), b.view()), ShapeError);
  EXPECT_THROW(structural_similarity(a.view(), b.view()), ShapeError);
  EXPECT_THROW(structural_similarity(small.view(), small.view()), ShapeError);
  EXPECT_THROW(mean_squared_error(ImageView{}, ImageView{}), ShapeError);
}

}  // namespace
}  // namespace svgen
