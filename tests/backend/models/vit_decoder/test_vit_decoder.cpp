// SPDX-License-Identifier: MIT
// RAE's decoder: its pixels, its sizes, its one grid.
#include "models/vit_decoder/vit_decoder.h"

#include <ATen/ops/zeros.h>

#include "backend/models/checks.h"
#include "backend/models/module_source.h"
#include "svgen/error.h"

namespace svgen::models {
namespace {

const VitDecoderConfig kSmall = {.latent_channels = 6,
                                 .width = 16,
                                 .depth = 1,
                                 .heads = 2,
                                 .mlp = 32,
                                 .patch = 2,
                                 .grid = {2, 3}};

TEST(VitDecoder, DrawsASquareForEachCellInTheScaleOfADecoder) {
  VitDecoder decoder(kSmall);
  test::fill(decoder);
  const at::Tensor pixels = decoder.pixels(test::wave({2, 6, 2, 3}));
  EXPECT_EQ(pixels.sizes().vec(), (std::vector<int64_t>{2, 3, 4, 6}));
  const at::Tensor patches = decoder.patches(test::wave({2, 6, 2, 3}).flatten(2).transpose(1, 2));
  // Cell (0, 1), pixel (1, 0), green.
  const double level = patches[0][1][(1 * 2 + 0) * 3 + 1].item<double>() * 0.224 + 0.456;
  EXPECT_NEAR(pixels[0][1][1][2].item<double>(), level * 2 - 1, 1e-6);
  EXPECT_THROW(decoder.pixels(at::zeros({1, 6, 3, 2})), ShapeError);
}

TEST(VitDecoder, TakesItsSizesFromTheFile) {
  Card card;
  card.patch = 2;
  card.grid = {2, 3};
  card.decoder = DecoderConfig{};
  card.decoder->heads = 2;
  const test::ModuleSource source{VitDecoder(kSmall)};
  EXPECT_EQ(kVitDecoder.from_file(card, source, 6), kSmall);
  card.patch = 4;
  card.decoder->mlp = 64;
  EXPECT_EQ(test::rejected_keys([&] { kVitDecoder.from_file(card, source, 7); }),
            "decoder.latent channels; decoder.mlp; decoder.cell");
}

}  // namespace
}  // namespace svgen::models
