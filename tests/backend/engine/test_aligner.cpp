// SPDX-License-Identifier: MIT
// The aligner: which statistics each mode uses, and what it needs for them.
#include "engine/aligner.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>

#include "backend/engine/support.h"

namespace svgen::engine {
namespace {

struct RandomFeatures {
  Tensor semantic = from_torch(at::randn({3, 16, 48}));
  Tensor residual = from_torch(at::randn({3, 16, 8}) * 4 - 2);
};

std::shared_ptr<ModelEngine> open_with_scalars() {
  return open_edited([](Card& card) { card.alignment = AlignmentScalars{0.1, 0.9, -2, 4}; });
}

TEST(ModelAligner, ConcatenatesSemanticChannelsFirst) {
  const RandomFeatures features;
  const Tensor latents = open_engine()->aligner().align(features.semantic, features.residual,
                                                        AlignmentMode::kNone, false);
  ASSERT_EQ(latents.shape(), (Shape{3, 16, 56}));
  const at::Tensor z = to_torch(latents);
  EXPECT_TRUE(at::equal(z.narrow(2, 0, 48), to_torch(features.semantic)));
  EXPECT_TRUE(at::equal(z.narrow(2, 48, 8), to_torch(features.residual)));
}

TEST(ModelAligner, FixedAndFrameTreatEveryImageAlone) {
  const RandomFeatures features;
  const auto engine = open_with_scalars();
  for (const AlignmentMode mode : {AlignmentMode::kFixed, AlignmentMode::kFrame}) {
    const Tensor batch = engine->aligner().align(features.semantic, features.residual, mode, true);
    for (int64_t n = 0; n < 3; ++n) {
      const Tensor alone = engine->aligner().align(features.semantic.rows(n, 1),
                                                   features.residual.rows(n, 1), mode, true);
      EXPECT_TRUE(bit_equal(alone, batch.rows(n, 1)));
    }
  }
}

TEST(ModelAligner, BatchCouplesImages) {
  const RandomFeatures features;
  const auto engine = open_engine();
  const Tensor batch =
      engine->aligner().align(features.semantic, features.residual, AlignmentMode::kBatch, false);
  const Tensor alone = engine->aligner().align(
      features.semantic.rows(0, 1), features.residual.rows(0, 1), AlignmentMode::kBatch, false);
  EXPECT_FALSE(bit_equal(alone, batch.rows(0, 1)));
}

TEST(ModelAligner, AutoIsFixedWithScalarsAndFrameWithout) {
  const RandomFeatures features;
  const std::pair<std::shared_ptr<ModelEngine>, AlignmentMode> cases[] = {
      {open_with_scalars(), AlignmentMode::kFixed}, {open_engine(), AlignmentMode::kFrame}};
  for (const auto& [engine, meant] : cases) {
    Aligner& aligner = engine->aligner();
    EXPECT_TRUE(
        bit_equal(aligner.align(features.semantic, features.residual, AlignmentMode::kAuto, false),
                  aligner.align(features.semantic, features.residual, meant, false)));
  }
}

TEST(ModelAligner, FixedWithoutScalarsSaysWhatToDo) {
  const RandomFeatures features;
  const auto engine = open_engine();
  const std::string report = report_of<ConfigurationError>([&] {
    engine->aligner().align(features.semantic, features.residual, AlignmentMode::kFixed, false);
  });
  EXPECT_NE(report.find("svgstats"), std::string::npos) << report;
}

TEST(ModelAligner, NeedsStatisticsOnlyToNormalize) {
  const RandomFeatures features;
  const auto engine = open_edited([](Card& card) { card.statistics.reset(); });
  Aligner& aligner = engine->aligner();
  EXPECT_NO_THROW(
      aligner.align(features.semantic, features.residual, AlignmentMode::kFrame, false));
  EXPECT_THROW(aligner.align(features.semantic, features.residual, AlignmentMode::kFrame, true),
               ConfigurationError);
}

TEST(ModelAligner, ReportsShapesInBothNotations) {
  const RandomFeatures features;
  const auto engine = open_engine();
  const std::string report = report_of<ShapeError>([&] {
    engine->aligner().align(features.semantic, features.residual.rows(0, 2), AlignmentMode::kNone,
                            false);
  });
  EXPECT_NE(report.find("(3, 16, 8) = dimensions 8:16:3"), std::string::npos) << report;
  EXPECT_THROW(
      engine->aligner().align(features.residual, features.residual, AlignmentMode::kNone, false),
      ShapeError);
}

TEST(ModelAligner, OfAModelWithoutResidualTakesSemanticFeaturesAlone) {
  const RandomFeatures features;
  const auto engine = open_edited([](Card& card) {
    card.residual.reset();
    card.diffusion.reset();
    card.decoder.reset();
    card.statistics.reset();
  });
  EXPECT_TRUE(
      bit_equal(engine->aligner().align(features.semantic, Tensor(), AlignmentMode::kAuto, false),
                features.semantic));
}

}  // namespace
}  // namespace svgen::engine
