// SPDX-License-Identifier: MIT
// Tests of a product with packed weights: float64's results rounded once, and no row knows of
// another.
#pragma once

#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "backend/ops/threads.h"
#include "ops/cpu/elements.h"
#include "ops/cpu/kernels.h"

namespace svgen::test {

using ops::cpu::Activation;
using ops::cpu::ProductShape;

// One number; sizes that fill no tile or panel; whole ones; several blocks, and pieces of the sum.
inline constexpr ProductShape kShapes[] = {{1, 1, 1},     {2, 8, 5},    {11, 7, 64},
                                           {37, 301, 33}, {32, 64, 32}, {70, 1152, 392},
                                           {13, 3000, 40}};

/// Kind: Number, and kHas, kSize, kPack, kMultiply of kernels.h.
template <typename Kind>
class PackedProduct : public ::testing::Test {
 protected:
  using Number = typename Kind::Number;
  static constexpr bool kIsFloat = std::is_same_v<Number, float>;

  void SetUp() override {
    if (!Kind::kHas()) GTEST_SKIP() << "this CPU has no such product";
  }

  static at::Tensor numbers(int64_t rows, int64_t columns, double step) {
    return scatter({rows, columns}, step, 1, 0).to(kIsFloat ? at::kFloat : at::kBFloat16);
  }

  static at::Tensor product(const at::Tensor& x, const at::Tensor& w, const at::Tensor& bias,
                            Activation activation = nullptr) {
    const ProductShape shape{x.size(0), x.size(1), w.size(0)};
    const at::Tensor packed = at::empty({Kind::kSize(shape.in, shape.out)}, w.options());
    Kind::kPack(ops::elements<Number>(w), shape.in, shape.out,
                ops::mutable_elements<Number>(packed));
    const at::Tensor y = at::empty({shape.rows, shape.out}, x.options());
    Kind::kMultiply(ops::elements<Number>(x), ops::elements<Number>(packed),
                    bias.defined() ? ops::elements<float>(bias) : nullptr, shape, activation,
                    ops::mutable_elements<Number>(y));
    return y;
  }
};

TYPED_TEST_SUITE_P(PackedProduct);

TYPED_TEST_P(PackedProduct, IsRoundedOnce) {
  for (const ProductShape& shape : kShapes) {
    const at::Tensor x = this->numbers(shape.rows, shape.in, 0.7),
                     w = this->numbers(shape.out, shape.in, 0.3);
    const at::Tensor bias = wave({shape.out});
    const at::Tensor wanted =
        at::linear(x.to(at::kDouble), w.to(at::kDouble), bias.to(at::kDouble));
    const double last_place =
        wanted.abs().max().item<double>() / (TestFixture::kIsFloat ? 1e6 : 250);
    EXPECT_LT(largest_difference(this->product(x, w, bias), wanted), last_place) << shape.in;
    EXPECT_LT(largest_difference(this->product(x, w, bias, ops::cpu::gelu_erf), at::gelu(wanted)),
              last_place);
    EXPECT_LT(largest_difference(this->product(x, w, {}), wanted - bias), last_place);
  }
}

TYPED_TEST_P(PackedProduct, ARowDoesNotDependOnTheOthersOrTheThreads) {
  const at::Tensor x = this->numbers(261, 3072, 0.7), w = this->numbers(200, 3072, 0.3),
                   bias = wave({200});
  const at::Tensor all = this->product(x, w, bias);
  for (const int64_t count : {1, 2, 7, 13, 200})
    EXPECT_TRUE(this->product(x.narrow(0, 5, count), w, bias).equal(all.narrow(0, 5, count)))
        << count;
  expect_same_with_any_threads([&] { return this->product(x, w, bias); });
}

REGISTER_TYPED_TEST_SUITE_P(PackedProduct, IsRoundedOnce, ARowDoesNotDependOnTheOthersOrTheThreads);

}  // namespace svgen::test
