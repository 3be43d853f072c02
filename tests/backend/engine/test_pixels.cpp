// SPDX-License-Identifier: MIT
// Pixels go in and out through the views' strides, normalised and rounded as published.
#include "engine/pixels.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <array>
#include <limits>

#include "backend/engine/support.h"

namespace svgen::engine {
namespace {

TEST(NormalizedPixels, AreTheReferencesToTheLastDigits) {
  const at::Tensor pictures = read_case("img.u8");
  const at::Tensor found = normalized_pixels(views_of(pictures));
  EXPECT_LE((found - read_case("enc.input")).abs().max().item<float>(), 1e-6f);
}

TEST(SignedPixels, AreLevelsFromMinusOneToOne) {
  uint8_t levels[] = {0, 51, 255};
  const ImageView view = packed_rgb<const uint8_t>(levels, 1, 1);
  const at::Tensor found = signed_pixels(std::span(&view, 1)).flatten();
  EXPECT_LE((found - at::tensor({-1.0f, -0.6f, 1.0f})).abs().max().item<float>(), 1e-7f);
}

TEST(NormalizedPixels, FollowStridesAndPlanes) {
  const at::Tensor pictures = read_case("img.u8");
  const int64_t height = pictures.size(1), width = pictures.size(2);
  const ptrdiff_t row_stride = width * 4 + 12;
  std::vector<uint8_t> bgrx(row_stride * height);
  const ImageView rgb = views_of(pictures)[1];
  ImageView view{width, height, {&bgrx[2], &bgrx[1], &bgrx[0]}, row_stride, 4};
  for (int c = 0; c < 3; ++c) {
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x)
        bgrx[y * row_stride + x * 4 + 2 - c] = rgb.row(c, y)[x * 3];
  }
  EXPECT_TRUE(
      at::equal(normalized_pixels(std::span(&view, 1)), normalized_pixels(std::span(&rgb, 1))));
}

TEST(TokenGrid, CountsPatches) {
  const at::Tensor wide = read_case("img.rect_64x96.u8");
  EXPECT_EQ(token_grid(views_of(wide), 16), (Grid{4, 6}));
}

TEST(TokenGrid, RefusesWhatTheEncodersCannotTake) {
  const std::vector<uint8_t> memory(64 * 64 * 3);
  const ImageView square = packed_rgb(memory.data(), 64, 64);
  const ImageView odd = packed_rgb(memory.data(), 60, 64);
  const ImageView none = packed_rgb<const uint8_t>(nullptr, 64, 64);
  const ImageView empty = packed_rgb(memory.data(), 0, 0);
  for (const std::vector<ImageView>& images :
       {std::vector<ImageView>{}, {odd}, {square, odd}, {none}, {square, none}, {empty}})
    EXPECT_THROW(token_grid(images, 16), ShapeError);
  const std::string report = report_of<ShapeError>([&] { token_grid(std::span(&odd, 1), 16); });
  EXPECT_NE(report.find("multiples of 16"), std::string::npos) << report;
  EXPECT_NE(report.find("60x64"), std::string::npos) << report;
}

TEST(WriteLevels, RoundsAndClamps) {
  struct Row {
    float x;
    uint8_t level;
  };
  for (const Row& row : {Row{-1, 0},
                         {1, 255},
                         {0, 128},
                         {-7, 0},
                         {9, 255},
                         {-0.99f, 1},
                         {std::numeric_limits<float>::quiet_NaN(), 0},
                         {std::numeric_limits<float>::infinity(), 255}}) {
    uint8_t pixel[3] = {77, 77, 77};
    write_levels(at::full({3, 1, 1}, row.x), packed_rgb(pixel, 1, 1));
    for (const uint8_t level : pixel) EXPECT_EQ(level, row.level) << row.x;
  }
}

TEST(WriteLevels, TouchesOnlyTheViewsPixels) {
  std::array<uint8_t, 2 * 8> memory;
  memory.fill(9);
  MutableImageView bgrx{1, 2, {&memory[2], &memory[1], &memory[0]}, 8, 4};
  write_levels(at::tensor({-1.f, -1.f, 0.f, 0.f, 1.f, 1.f}).view({3, 2, 1}), bgrx);
  EXPECT_EQ(memory, (std::array<uint8_t, 16>{255, 128, 0, 9, 9, 9, 9, 9,  //
                                             255, 128, 0, 9, 9, 9, 9, 9}));
}

// A flat Y'CbCr picture of odd size and the levels of R', G', B' that it shows.
struct FlatCase {
  YcbcrCoding coding;
  std::array<uint8_t, 3> ycbcr, rgb;
};

const FlatCase kFlat[] = {
    {{}, {16, 128, 128}, {0, 0, 0}},
    {{}, {235, 128, 128}, {255, 255, 255}},
    {{}, {255, 128, 128}, {255, 255, 255}},  // brighter than white
    {{}, {81, 90, 240}, {254, 0, 0}},
    {{0.2126, 0.0722}, {63, 102, 240}, {255, 1, 0}},
    {{0.299, 0.114, 0, 255, 255}, {76, 85, 255}, {254, 0, 0}},
};

// Returns the planes of a 3 x 3 picture, one after the other, filled with the three levels.
std::array<uint8_t, 9 + 4 + 4> flat_memory(const std::array<uint8_t, 3>& ycbcr) {
  std::array<uint8_t, 9 + 4 + 4> memory;
  std::fill(memory.begin(), memory.begin() + 9, ycbcr[0]);
  std::fill(memory.begin() + 9, memory.begin() + 13, ycbcr[1]);
  std::fill(memory.begin() + 13, memory.end(), ycbcr[2]);
  return memory;
}

TEST(NormalizedPixels, OfYcbcrAreThoseOfItsRgb) {
  for (const FlatCase& flat : kFlat) {
    const auto memory = flat_memory(flat.ycbcr);
    const YcbcrView view{3, 3, {&memory[0], &memory[9], &memory[13]}, {3, 2, 2}, 1, flat.coding};
    std::vector<uint8_t> rgb;
    for (int pixel = 0; pixel < 9; ++pixel) rgb.insert(rgb.end(), flat.rgb.begin(), flat.rgb.end());
    const ImageView same = packed_rgb<const uint8_t>(rgb.data(), 3, 3);
    const at::Tensor expected = normalized_pixels(std::span(&same, 1));
    const std::array<YcbcrView, 2> twice{view, view};
    EXPECT_TRUE(at::equal(normalized_pixels(twice)[1], expected[0])) << flat.ycbcr[0];
    EXPECT_EQ(token_grid(twice, 3), (Grid{1, 1}));
  }
}

TEST(WriteLevels, WritesYcbcrOfOddSize) {
  for (const FlatCase& flat : kFlat) {
    if (flat.ycbcr[0] == 255) continue;
    auto memory = flat_memory({7, 7, 7});
    const MutableYcbcrView view{3,         3, {&memory[0], &memory[9], &memory[13]},
                                {3, 2, 2}, 1, flat.coding};
    check_pictures(std::span(&view, 1), {1, 1}, 3);
    at::Tensor x = at::empty({3, 3, 3});
    for (int c = 0; c < 3; ++c) x[c].fill_(static_cast<float>(flat.rgb[c]) / 127.5f - 1);
    write_levels(x, view);
    const auto expected = flat_memory(flat.ycbcr);
    for (size_t i = 0; i < memory.size(); ++i) EXPECT_NEAR(memory[i], expected[i], 1) << i;
  }
}

TEST(CheckPictures, NamesTheSizes) {
  std::vector<uint8_t> memory(64 * 64 * 3);
  const MutableImageView picture = packed_rgb(memory.data(), 64, 64);
  EXPECT_NO_THROW(check_pictures(std::span(&picture, 1), {4, 4}, 16));
  const std::string report = report_of<ShapeError>([&] {
    check_pictures(std::span(&picture, 1), {4, 6}, 16);
  });
  EXPECT_NE(report.find("96x64"), std::string::npos) << report;
}

}  // namespace
}  // namespace svgen::engine
