// SPDX-License-Identifier: MIT
// The encoder: which features come, independent of the batch, for any size of whole patches.
#include "engine/encoder.h"

#include "backend/engine/support.h"

namespace svgen::engine {
namespace {

TEST(ModelEncoder, GivesTheFeaturesThatWereAskedFor) {
  const auto engine = open_engine();
  const at::Tensor pictures = read_case("img.u8");
  const auto views = views_of(pictures);
  const Features both = engine->encoder().encode(views, FeatureKind::kBoth);
  EXPECT_EQ(both.semantic.shape(), (Shape{3, 16, 48}));
  EXPECT_EQ(both.residual.shape(), (Shape{3, 16, 8}));
  const Features semantic = engine->encoder().encode(views, FeatureKind::kSemantic);
  EXPECT_TRUE(bit_equal(semantic.semantic, both.semantic));
  EXPECT_FALSE(semantic.residual.defined());
  const Features residual = engine->encoder().encode(views, FeatureKind::kResidual);
  EXPECT_FALSE(residual.semantic.defined());
  EXPECT_TRUE(bit_equal(residual.residual, both.residual));
}

TEST(ModelEncoder, LoadsOnlyWhatIsAskedFor) {
  const auto engine = open_engine();
  const at::Tensor pictures = read_case("img.u8");
  EXPECT_EQ(engine->counters().bytes_loaded, 0u);
  engine->encoder().encode(views_of(pictures), FeatureKind::kSemantic);
  const uint64_t semantic_only = engine->counters().bytes_loaded;
  engine->encoder().encode(views_of(pictures), FeatureKind::kBoth);
  EXPECT_GT(semantic_only, 0u);
  EXPECT_GT(engine->counters().bytes_loaded, semantic_only);
}

TEST(ModelEncoder, EncodesAnImageAloneAsInABatch) {
  const auto engine = open_engine();
  const at::Tensor pictures = read_case("img.u8");
  const auto views = views_of(pictures);
  const Features batch = engine->encoder().encode(views, FeatureKind::kBoth);
  for (int64_t n = 0; n < 3; ++n) {
    const Features alone =
        engine->encoder().encode(std::span(views).subspan(n, 1), FeatureKind::kBoth);
    EXPECT_TRUE(bit_equal(alone.semantic, batch.semantic.rows(n, 1))) << n;
    EXPECT_TRUE(bit_equal(alone.residual, batch.residual.rows(n, 1))) << n;
  }
}

TEST(ModelEncoder, TakesAnySizeOfWholePatches) {
  const at::Tensor pictures = read_case("img.rect_64x96.u8");
  const Features features = open_engine()->encoder().encode(views_of(pictures), FeatureKind::kBoth);
  EXPECT_EQ(features.semantic.shape(), (Shape{1, 24, 48}));
  EXPECT_EQ(features.residual.shape(), (Shape{1, 24, 8}));
}

TEST(ModelEncoder, TakesYcbcrPictures) {
  const auto engine = open_engine();
  std::vector<uint8_t> luma(64 * 64), rgb;
  const std::vector<uint8_t> chroma(32 * 32, 128);
  for (size_t i = 0; i < luma.size(); ++i) {
    luma[i] = static_cast<uint8_t>(i * 7 / 11);
    rgb.insert(rgb.end(), 3, luma[i]);
  }
  const YcbcrCoding full_range{0.299, 0.114, 0, 255, 255};
  const YcbcrView grey{64,           64, {luma.data(), chroma.data(), chroma.data()},
                       {64, 32, 32}, 1,  full_range};
  const ImageView same = packed_rgb<const uint8_t>(rgb.data(), 64, 64);
  const Features found = engine->encoder().encode(std::span(&grey, 1), FeatureKind::kBoth);
  const Features expected = engine->encoder().encode(std::span(&same, 1), FeatureKind::kBoth);
  EXPECT_TRUE(bit_equal(found.semantic, expected.semantic));
  EXPECT_TRUE(bit_equal(found.residual, expected.residual));
}

TEST(ModelEncoder, StaysUsableAfterACancelAndAnError) {
  const auto engine = open_engine();
  const at::Tensor pictures = read_case("img.u8");
  const auto views = views_of(pictures);
  const Features cancelled =
      engine->encoder().encode(views, FeatureKind::kBoth, [](const Progress&) { return false; });
  EXPECT_FALSE(cancelled.semantic.defined());
  EXPECT_FALSE(cancelled.residual.defined());
  EXPECT_THROW(engine->encoder().encode(std::span<const ImageView>(), FeatureKind::kBoth),
               ShapeError);
  EXPECT_TRUE(engine->encoder().encode(views, FeatureKind::kBoth).semantic.defined());
}

TEST(ModelEncoder, IsAbsentWithoutItsKey) {
  const auto engine = open_edited([](Card& card) { card.encoder.reset(); });
  const std::string report = report_of<ConfigurationError>([&] { engine->encoder(); });
  EXPECT_NE(report.find("\"encoder\""), std::string::npos) << report;
}

}  // namespace
}  // namespace svgen::engine
