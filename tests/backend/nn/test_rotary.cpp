// SPDX-License-Identifier: MIT
// Rotary positions: periods, tables, and what a rotation keeps.
#include "nn/rotary.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "svgen/error.h"

namespace svgen {
namespace {

TEST(RotaryPeriods, GrowGeometricallyFromOneTowardsTheBase) {
  const at::Tensor periods = nn::rotary_periods(16, 100);
  EXPECT_EQ(periods.numel(), 4);
  for (int64_t i = 0; i < 4; ++i)
    EXPECT_NEAR(periods[i].item<float>(), std::pow(100, i / 4.0), 1e-5);
}

TEST(RotaryPeriods, RefuseAHeadThatIsNoMultipleOfFour) {
  EXPECT_THROW(nn::rotary_periods(18, 100), ShapeError);
  EXPECT_THROW(nn::rotary_periods(0, 100), ShapeError);
}

TEST(RotaryTables, PutRowAnglesBeforeColumnAnglesTwice) {
  const nn::RotaryTables tables = nn::rotary_tables(nn::rotary_periods(8, 100), 2, 4);
  EXPECT_EQ(tables.sin.sizes().vec(), (std::vector<int64_t>{8, 8}));
  const at::Tensor token = tables.sin[6];  // row 1, column 2
  const double turn = 6.283185307179586;
  EXPECT_NEAR(token[0].item<double>(), std::sin(turn * 0.5), 1e-6);
  EXPECT_NEAR(token[1].item<double>(), std::sin(turn * 0.5 / 10), 1e-6);
  EXPECT_NEAR(token[2].item<double>(), std::sin(turn * 0.25), 1e-6);
  EXPECT_TRUE(token.narrow(0, 0, 4).equal(token.narrow(0, 4, 4)));
}

TEST(CellRotaryTables, CountWholeCellsRowsFirst) {
  const nn::RotaryTables tables = nn::cell_rotary_tables(8, 2, 4);
  EXPECT_EQ(tables.cos.sizes().vec(), (std::vector<int64_t>{8, 8}));
  const at::Tensor token = tables.sin[6];  // row 1, column 2
  EXPECT_NEAR(token[0].item<double>(), std::sin(1.0), 1e-6);
  EXPECT_NEAR(token[1].item<double>(), std::sin(0.01), 1e-6);
  EXPECT_NEAR(token[2].item<double>(), std::sin(2.0), 1e-6);
  EXPECT_TRUE(token.narrow(0, 0, 4).equal(token.narrow(0, 4, 4)));
  EXPECT_THROW(nn::cell_rotary_tables(6, 2, 2), ShapeError);
}

TEST(PairsAsHalves, PutsTheFirstOfEachPairFirst) {
  const at::Tensor x = at::arange(6).view({1, 6});
  EXPECT_TRUE(nn::pairs_as_halves(x).equal(at::tensor({0, 2, 4, 1, 3, 5}).view({1, 6})));
}

TEST(Rotate, KeepsLengthsAndThePrefix) {
  const nn::RotaryTables tables = nn::rotary_tables(nn::rotary_periods(8, 100), 3, 3);
  const at::Tensor x = test::wave({2, 2, 11, 8});
  const at::Tensor y = nn::rotate(x, tables, 2);
  EXPECT_TRUE(y.narrow(2, 0, 2).equal(x.narrow(2, 0, 2)));
  EXPECT_LT(test::largest_difference(y.norm(2, -1), x.norm(2, -1)), 1e-5);
}

TEST(Rotate, RecordedEqualsUnrecordedAndItsGradientTurnsBack) {
  const nn::RotaryTables tables = nn::rotary_tables(nn::rotary_periods(12, 100), 3, 2);
  // As attention has it: a view whose heads lie behind the tokens.
  const at::Tensor x = test::wave({2, 8, 3, 12}).permute({0, 2, 1, 3});
  const at::Tensor leaf = x.clone().requires_grad_();
  const at::Tensor y = nn::rotate(leaf, tables, 2);
  EXPECT_LT(test::largest_difference(y.detach(), nn::rotate(x, tables, 2)), 1e-6);
  const at::Tensor g = test::wave({2, 3, 8, 12}, 1.7);
  y.backward(g);
  const at::Tensor exact = x.to(at::kDouble).requires_grad_();
  nn::rotate(exact, {tables.sin.to(at::kDouble), tables.cos.to(at::kDouble)}, 2)
      .backward(g.to(at::kDouble));
  EXPECT_LT(test::largest_difference(leaf.grad(), exact.grad()), 1e-6);
}

TEST(Rotate, MakesProductsDependOnTheDistanceOnly) {
  const nn::RotaryTables tables = nn::rotary_tables(nn::rotary_periods(8, 100), 4, 4);
  const at::Tensor q = test::wave({1, 1, 1, 8}, 0.1).expand({1, 1, 16, 8});
  const at::Tensor k = test::wave({1, 1, 1, 8}, 0.7).expand({1, 1, 16, 8});
  const at::Tensor scores =
      nn::rotate(q, tables, 0)[0][0].matmul(nn::rotate(k, tables, 0)[0][0].t());  // (T, T)
  EXPECT_NEAR(scores[0][5].item<float>(), scores[10][15].item<float>(), 1e-5);
  EXPECT_NEAR(scores[1][2].item<float>(), scores[13][14].item<float>(), 1e-5);
}

}  // namespace
}  // namespace svgen
