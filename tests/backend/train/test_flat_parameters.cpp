// SPDX-License-Identifier: MIT
// Flat parameters: views, gradients, precision.
#include "train/flat_parameters.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "nn/linear.h"
#include "svgen/error.h"

namespace svgen::train {
namespace {

class FlatParametersTest : public ::testing::Test {
 protected:
  FlatParametersTest() { test::fill(layer_); }
  nn::Linear layer_{5, 3};
  const at::Tensor weight_ = (test::fill(layer_), layer_.weight.clone());
  const Visit visit_ = [this](const nn::StateScope& state) { layer_.visit(state); };
};

TEST_F(FlatParametersTest, SlotsBecomeAlignedViews) {
  FlatParameters flat(visit_, at::kCPU);
  EXPECT_TRUE(at::equal(layer_.weight, weight_));
  EXPECT_EQ(flat.values().numel(), 16 + 16);
  for (const at::Tensor& leaf : flat.leaves()) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(leaf.const_data_ptr()) % 64, 0u);
    EXPECT_TRUE(leaf.is_leaf());
  }
  flat.values().zero_();
  EXPECT_EQ(layer_.weight.abs().sum().item<float>(), 0);
}

TEST_F(FlatParametersTest, GradientsGatherInOneTensor) {
  FlatParameters flat(visit_, at::kCPU);
  for (int i = 0; i < 2; ++i) {
    flat.bind(at::kFloat);
    layer_(test::wave({4, 5})).sum().backward({}, false, false, flat.leaves());
  }
  EXPECT_EQ(flat.leaf("bias").grad()[0].item<float>(), 8);
  EXPECT_EQ(flat.gradients().narrow(0, 16, 3).sum().item<float>(), 24);
  EXPECT_THROW(flat.leaf("nothing"), ConfigurationError);
}

TEST_F(FlatParametersTest, ReducedCopiesHandGradientsToTheMasters) {
  FlatParameters flat(visit_, at::kCPU);
  flat.bind(at::kBFloat16);
  EXPECT_EQ(layer_.weight.scalar_type(), at::kBFloat16);
  layer_(test::wave({4, 5})).sum().backward({}, false, false, flat.leaves());
  EXPECT_EQ(flat.leaf("weight").grad().scalar_type(), at::kFloat);
  EXPECT_EQ(flat.leaf("bias").grad()[2].item<float>(), 4);
}

TEST_F(FlatParametersTest, OtherValuesCanBeBound) {
  FlatParameters flat(visit_, at::kCPU);
  flat.bind_values(flat.values() * 2);
  EXPECT_TRUE(at::equal(layer_.weight, weight_ * 2));
  EXPECT_FALSE(layer_.weight.requires_grad());
  EXPECT_EQ(flat.named(flat.values()).at(0).first, "weight");
}

}  // namespace
}  // namespace svgen::train
