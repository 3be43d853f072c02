// SPDX-License-Identifier: MIT
// The decoder: any grid, any float dtype, pictures through strides, clear refusals.
#include "engine/decoder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>

#include <cmath>
#include <limits>

#include "backend/engine/support.h"

namespace svgen::engine {
namespace {

constexpr Grid kGrid{4, 4};

Tensor random_latents(int64_t images, int64_t tokens = 16) {
  return from_torch(at::randn({images, tokens, 56}));
}

TEST(ModelDecoder, DecodesAnImageAloneAsInABatch) {
  const auto engine = open_engine();
  const Tensor latents = random_latents(3);
  const Tensor batch = engine->decoder().decode(latents, kGrid, false);
  ASSERT_EQ(batch.shape(), (Shape{3, 3, 64, 64}));
  for (int64_t n = 0; n < 3; ++n) {
    EXPECT_TRUE(
        bit_equal(engine->decoder().decode(latents.rows(n, 1), kGrid, false), batch.rows(n, 1)));
  }
}

TEST(ModelDecoder, WritesTheSamePixelsAsLevelsThroughStrides) {
  const auto engine = open_engine();
  const Tensor latents = random_latents(2);
  const at::Tensor pixels = to_torch(engine->decoder().decode(latents, kGrid, false));
  constexpr int64_t kStride = 64 * 4 + 20;
  std::vector<uint8_t> memory(2 * 64 * kStride, 201);
  std::vector<MutableImageView> pictures;
  for (int n = 0; n < 2; ++n) {
    uint8_t* start = &memory[n * 64 * kStride];
    pictures.push_back({64, 64, {start + 2, start + 1, start}, kStride, 4});
  }
  ASSERT_TRUE(engine->decoder().decode_into(latents, kGrid, false, pictures));
  for (int64_t n = 0; n < 2; ++n) {
    for (const auto& [y, x] : {std::pair{0, 0}, {63, 63}, {10, 41}}) {
      for (int c = 0; c < 3; ++c) {
        const float value = pixels[n][c][y][x].item<float>();
        const float level = std::floor(255 * (value + 1) / 2 + 0.5f);
        EXPECT_EQ(pictures[n].row(c, y)[x * 4], std::min(std::max(level, 0.f), 255.f));
      }
      EXPECT_EQ(pictures[n].row(2, y)[x * 4 + 3], 201) << "padding was written";
    }
  }
}

TEST(ModelDecoder, WritesTheSamePicturesAsYcbcr) {
  const auto engine = open_engine();
  const Tensor latents = random_latents(2);
  std::vector<uint8_t> rgb(2 * 64 * 64 * 3), memory(2 * 64 * 64 * 3 / 2);
  std::vector<MutableImageView> pictures;
  std::vector<MutableYcbcrView> others;
  for (int n = 0; n < 2; ++n) {
    pictures.push_back(packed_rgb(&rgb[n * 64 * 64 * 3], 64, 64));
    uint8_t* luma = &memory[n * 64 * 64 * 3 / 2];
    others.push_back({64, 64, {luma, luma + 64 * 64, luma + 64 * 64 + 1}, {64, 64, 64}, 2, {}});
  }
  ASSERT_TRUE(engine->decoder().decode_into(latents, kGrid, false, pictures));
  ASSERT_TRUE(engine->decoder().decode_into(latents, kGrid, false, others));
  for (int n = 0; n < 2; ++n) {
    for (const auto& [y, x] : {std::pair{0, 0}, {63, 63}, {10, 41}}) {
      const uint8_t* p = pictures[n].row(0, y) + x * 3;
      EXPECT_NEAR(others[n].row(0, y)[x],
                  16 + 219 * (0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]) / 255, 0.51);
    }
  }
  EXPECT_THROW(engine->decoder().decode_into(latents, kGrid, false, std::span(others).first(1)),
               ShapeError);
}

TEST(ModelDecoder, DecodesGridsThatAreNotSquare) {
  const auto engine = open_engine();
  const Tensor pixels = engine->decoder().decode(random_latents(1, 24), {4, 6}, false);
  EXPECT_EQ(pixels.shape(), (Shape{1, 3, 64, 96}));
}

TEST(ModelDecoder, DenormalizesFirstWhenAsked) {
  const auto engine = open_engine();
  const at::Tensor normalized = at::randn({1, 16, 56});
  const auto statistics =
      latent::read_statistics(*weights::open_weights(SVGEN_TEST_DATA "/tiny/stats_tiny.pt"));
  const Tensor latents = from_torch(normalized * statistics.std + statistics.mean);
  EXPECT_TRUE(bit_equal(engine->decoder().decode(from_torch(normalized), kGrid, true),
                        engine->decoder().decode(latents, kGrid, false)));
}

TEST(ModelDecoder, TakesAnyFloatDType) {
  const auto engine = open_engine();
  const at::Tensor latents = at::randn({1, 16, 56}).to(at::kBFloat16);
  const Tensor expected =
      engine->decoder().decode(from_torch(latents.to(at::kFloat)), kGrid, false);
  for (const at::ScalarType dtype : {at::kBFloat16, at::kDouble}) {
    EXPECT_TRUE(
        bit_equal(engine->decoder().decode(from_torch(latents.to(dtype)), kGrid, false), expected));
  }
}

TEST(ModelDecoder, LoadsNothingOfTheEncoder) {
  const auto with_encoder = open_engine();
  const auto without = open_edited([](Card& card) {
    card.encoder.reset();
    card.residual.reset();
  });
  with_encoder->decoder();
  without->decoder();
  EXPECT_EQ(with_encoder->counters().bytes_loaded, without->counters().bytes_loaded);
}

TEST(ModelDecoder, ReportsShapesInBothNotations) {
  const auto engine = open_engine();
  const Tensor semantic_only = from_torch(at::randn({2, 16, 48}));
  const std::string report =
      report_of<ShapeError>([&] { engine->decoder().decode(semantic_only, kGrid, false); });
  EXPECT_NE(report.find("(N, 16, 56) = dimensions 56:16:N"), std::string::npos) << report;
  EXPECT_NE(report.find("(2, 16, 48) = dimensions 48:16:2"), std::string::npos) << report;
  EXPECT_THROW(engine->decoder().decode(random_latents(1), {4, 6}, false), ShapeError);
  EXPECT_THROW(engine->decoder().decode(random_latents(1), {-4, -4}, false), ShapeError);
}

TEST(ModelDecoder, RefusesLatentsThatAreNotFinite) {
  const auto engine = open_engine();
  at::Tensor latents = at::randn({2, 16, 56});
  latents[1][3][5] = std::numeric_limits<float>::quiet_NaN();
  const std::string report =
      report_of<ShapeError>([&] { engine->decoder().decode(from_torch(latents), kGrid, false); });
  EXPECT_NE(report.find("image 1"), std::string::npos) << report;
}

TEST(ModelDecoder, StaysUsableAfterACancel) {
  const auto engine = open_engine();
  const auto refuse = [](const Progress&) { return false; };
  const Tensor latents = random_latents(2);
  EXPECT_FALSE(engine->decoder().decode(latents, kGrid, false, refuse).defined());
  std::vector<uint8_t> memory(2 * 64 * 64 * 3);
  const std::vector<MutableImageView> pictures = {packed_rgb(memory.data(), 64, 64),
                                                  packed_rgb(memory.data() + 64 * 64 * 3, 64, 64)};
  EXPECT_FALSE(engine->decoder().decode_into(latents, kGrid, false, pictures, refuse));
  EXPECT_TRUE(engine->decoder().decode(latents, kGrid, false).defined());
}

TEST(ModelDecoder, NeedsOnePictureForEachLatent) {
  const auto engine = open_engine();
  std::vector<uint8_t> memory(64 * 64 * 3);
  const MutableImageView picture = packed_rgb(memory.data(), 64, 64);
  EXPECT_THROW(
      engine->decoder().decode_into(random_latents(2), kGrid, false, std::span(&picture, 1)),
      ShapeError);
}

}  // namespace
}  // namespace svgen::engine
