// SPDX-License-Identifier: MIT
// Products: the library's results, packed or not, whatever stands beside a row.
#include "ops/products.h"

#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "backend/ops/threads.h"

namespace svgen {
namespace {

using ops::Epilogue;
using test::largest_difference;
using test::wave;

struct Sizes {
  int64_t rows, in, out;
};

constexpr Sizes kSizes[] = {{1, 8, 5}, {3, 256, 96}, {64, 152, 256}, {37, 1152, 392}};

// On a CPU without AVX-512 the library's own products take over in bfloat16.
std::vector<at::ScalarType> dtypes() {
  if (ops::has_independent_rows(at::kBFloat16)) return {at::kFloat, at::kBFloat16};
  return {at::kFloat};
}

at::Tensor weight_of(const Sizes& sizes) {
  return test::scatter({sizes.out, sizes.in}, 0.7, 1.0 / std::sqrt(sizes.in), 0);
}

TEST(OpsLinear, EqualsTheLibrarysInEitherLayout) {
  const c10::InferenceMode inference;
  for (const Sizes& sizes : kSizes) {
    const at::Tensor x = wave({sizes.rows, sizes.in}), w = weight_of(sizes), b = wave({sizes.out});
    const at::Tensor wanted = at::linear(x.to(at::kDouble), w.to(at::kDouble), b.to(at::kDouble));
    for (const at::Tensor& weight : {w, ops::pack(w)}) {
      EXPECT_LT(largest_difference(ops::linear(x, weight, b), wanted), 1e-5);
      EXPECT_LT(largest_difference(ops::linear(x, weight, b, Epilogue::kGeluTanh),
                                   at::gelu(wanted, "tanh")),
                1e-5);
      EXPECT_LT(largest_difference(ops::linear(x, weight, b, Epilogue::kGeluErf), at::gelu(wanted)),
                1e-5);
      EXPECT_LT(largest_difference(ops::linear(x, weight, {}), wanted - b), 1e-5);
    }
  }
}

TEST(OpsLinear, RoundsOnceInBfloat16) {
  const c10::InferenceMode inference;
  const Sizes sizes = kSizes[2];
  const at::Tensor x = wave({sizes.rows, sizes.in}).to(at::kBFloat16);
  const at::Tensor w = weight_of(sizes).to(at::kBFloat16), b = wave({sizes.out}).to(at::kBFloat16);
  const at::Tensor wanted = at::linear(x.to(at::kDouble), w.to(at::kDouble), b.to(at::kDouble));
  const at::Tensor y = ops::linear(x, ops::pack(w), b);
  EXPECT_EQ(y.scalar_type(), at::kBFloat16);
  EXPECT_LT(largest_difference(y, wanted), wanted.abs().max().item<double>() / 200);
}

TEST(OpsLinear, ARowDoesNotDependOnTheOthers) {
  const c10::InferenceMode inference;
  for (const at::ScalarType dtype : dtypes())
    for (const Sizes& sizes : kSizes) {
      const at::Tensor x = wave({2, 261, sizes.in}).to(dtype), b = wave({sizes.out}).to(dtype);
      const at::Tensor w = weight_of(sizes).to(dtype);
      for (const at::Tensor& weight : {w, ops::pack(w)}) {
        const at::Tensor all = ops::linear(x, weight, b);
        ASSERT_EQ(all.sizes().vec(), (std::vector<int64_t>{2, 261, sizes.out}));
        for (const int64_t count : {1, 2, 7, 64, 200})
          EXPECT_TRUE(
              ops::linear(x.narrow(1, 60, count), weight, b).equal(all.narrow(1, 60, count)))
              << count << " rows of " << sizes.in;
        test::expect_same_with_any_threads([&] { return ops::linear(x, weight, b); });
      }
    }
}

TEST(OpsLinear, IsDifferentiable) {
  const at::Tensor x = wave({3, 8}), w = weight_of({0, 8, 5}).requires_grad_(), b = wave({5});
  ops::linear(x, w, b, Epilogue::kGeluErf).sum().backward();
  const at::Tensor found = w.grad().clone();
  w.mutable_grad() = at::Tensor();
  at::gelu(at::linear(x, w, b)).sum().backward();
  EXPECT_TRUE(found.equal(w.grad()));
}

}  // namespace
}  // namespace svgen
