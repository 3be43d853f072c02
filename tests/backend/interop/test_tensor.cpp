// SPDX-License-Identifier: MIT
// Tensors cross to LibTorch and back without a copy, and keep their memory alive.
#include "interop/tensor.h"

#include <ATen/ops/arange.h>
#include <gtest/gtest.h>

namespace svgen {
namespace {

TEST(Interop, SharesTheMemoryInBothDirections) {
  const Tensor tensor = Tensor::empty(DType::kFloat32, {2, 3});
  const at::Tensor torch = to_torch(tensor);
  EXPECT_EQ(torch.data_ptr(), tensor.data());
  EXPECT_EQ(torch.sizes(), (at::IntArrayRef{2, 3}));
  EXPECT_EQ(from_torch(torch).data(), tensor.data());
}

TEST(Interop, KeepsEveryDType) {
  for (const DTypePair& pair : kDTypePairs) {
    const Tensor tensor = Tensor::empty(pair.dtype, {4});
    EXPECT_EQ(to_torch(tensor).scalar_type(), pair.scalar_type);
    EXPECT_EQ(from_torch(to_torch(tensor)).dtype(), pair.dtype);
  }
}

TEST(Interop, TheMemoryOutlivesTheOtherSide) {
  Tensor tensor = from_torch(at::arange(6, at::kFloat).view({2, 3}));
  EXPECT_EQ(tensor.data_as<float>()[5], 5);
  const at::Tensor torch = to_torch(tensor);
  tensor = Tensor();
  EXPECT_EQ(torch[1][2].item<float>(), 5);
}

TEST(Interop, CopiesWhatIsNotContiguous) {
  const Tensor tensor = from_torch(at::arange(6, at::kFloat).view({2, 3}).t());
  EXPECT_EQ(tensor.shape(), (Shape{3, 2}));
  EXPECT_EQ(tensor.data_as<float>()[1], 3);
}

TEST(Interop, RefusesUndefinedTensorsAndForeignDTypes) {
  EXPECT_THROW(to_torch(Tensor()), ShapeError);
  EXPECT_THROW(from_torch(at::kBool), ShapeError);
}

}  // namespace
}  // namespace svgen
