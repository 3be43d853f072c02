// SPDX-License-Identifier: MIT
// Shape errors show what was expected and what was found, in both notations.
#include "engine/shapes.h"

#include "backend/engine/support.h"

namespace svgen::engine {
namespace {

TEST(CheckShape, AcceptsAnySizeWhereItIsAllowed) {
  EXPECT_NO_THROW(
      check_shape("the latents", Tensor::empty(DType::kFloat32, {3, 4, 5}), {kAnySize, 4, 5}));
}

TEST(CheckShape, NamesBothShapesInBothNotations) {
  const Tensor found = Tensor::empty(DType::kFloat32, {2, 64, 392});
  const std::string report = report_of<ShapeError>([&] {
    check_shape("the latents", found, {kAnySize, 64, 136});
  });
  EXPECT_NE(report.find("(N, 64, 136) = dimensions 136:64:N"), std::string::npos) << report;
  EXPECT_NE(report.find("(2, 64, 392) = dimensions 392:64:2"), std::string::npos) << report;
}

TEST(CheckShape, RefusesOtherRanksAndUndefinedTensors) {
  EXPECT_THROW(check_shape("x", Tensor::empty(DType::kFloat32, {4, 5}), {kAnySize, 4, 5}),
               ShapeError);
  EXPECT_THROW(check_shape("x", Tensor(), {kAnySize}), ShapeError);
}

TEST(CheckFloating, RefusesIntegers) {
  EXPECT_NO_THROW(check_floating("x", Tensor::empty(DType::kBFloat16, {1})));
  EXPECT_THROW(check_floating("x", Tensor::empty(DType::kUInt8, {1})), ShapeError);
}

TEST(CheckGrid, RefusesEmptyGrids) {
  EXPECT_NO_THROW(check_grid({1, 1}));
  EXPECT_THROW(check_grid({0, 4}), ShapeError);
  EXPECT_THROW(check_grid({4, -4}), ShapeError);
}

}  // namespace
}  // namespace svgen::engine
