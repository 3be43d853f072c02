// SPDX-License-Identifier: MIT
// The kernel of products: float64's results, and no row knows of another.
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "backend/ops/threads.h"
#include "ops/cpu/elements.h"
#include "ops/cpu/kernels.h"

namespace svgen {
namespace {

using ops::cpu::ProductShape;
using test::largest_difference;

// One number; sizes that fill no vector and no block of the loops; sizes that fill them.
constexpr ProductShape kShapes[] = {{1, 1, 1}, {2, 8, 5}, {37, 300, 33}, {24, 512, 64}};

at::Tensor product(const at::Tensor& x, const at::Tensor& w) {
  const at::Tensor y = at::zeros({x.size(0), w.size(0)});
  ops::with_element_type(x.scalar_type(), [&]<typename T>(T) {
    ops::cpu::add_row_products(ops::elements<T>(x), ops::elements<T>(w),
                               {x.size(0), x.size(1), w.size(0)}, ops::mutable_elements<float>(y));
  });
  return y;
}

class RowProduct : public ::testing::TestWithParam<at::ScalarType> {
 protected:
  static at::Tensor numbers(int64_t rows, int64_t columns, double step) {
    return test::scatter({rows, columns}, step, 1, 0).to(GetParam());
  }
};

TEST_P(RowProduct, IsTheOneOfTheFloats) {
  for (const ProductShape& shape : kShapes) {
    const at::Tensor x = numbers(shape.rows, shape.in, 0.7), w = numbers(shape.out, shape.in, 0.3);
    const at::Tensor wanted = at::linear(x.to(at::kDouble), w.to(at::kDouble));
    EXPECT_LT(largest_difference(product(x, w), wanted), 1e-6 * shape.in) << shape.in;
  }
}

TEST_P(RowProduct, ARowDoesNotDependOnTheOthersOrTheThreads) {
  const at::Tensor x = numbers(40, 700, 0.7), w = numbers(70, 700, 0.3);
  const at::Tensor all = product(x, w);
  for (const int64_t count : {1, 2, 7, 13})
    EXPECT_TRUE(product(x.narrow(0, 5, count), w).equal(all.narrow(0, 5, count))) << count;
  test::expect_same_with_any_threads([&] { return product(x, w); });
}

INSTANTIATE_TEST_SUITE_P(In, RowProduct, ::testing::Values(at::kFloat, at::kBFloat16));

}  // namespace
}  // namespace svgen
