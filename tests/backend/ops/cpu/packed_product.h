// SPDX-License-Identifier: MIT
// The product in tiles: float64's results rounded once, and no row knows of another.
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "backend/ops/threads.h"
#include "ops/cpu/elements.h"
#include "ops/cpu/kernels.h"

namespace svgen {
namespace {

using ops::cpu::Activation;
using ops::cpu::Bfloat16;
using ops::cpu::ProductShape;

// One number; sizes that fill no tile; whole tiles; several blocks.
constexpr ProductShape kShapes[] = {
    {1, 1, 1}, {2, 8, 5}, {37, 300, 33}, {32, 64, 32}, {70, 1152, 392}};

at::Tensor numbers(int64_t rows, int64_t columns, double step) {
  return test::scatter({rows, columns}, step, 1, 0).to(at::kBFloat16);
}

at::Tensor product(const at::Tensor& x, const at::Tensor& w, const at::Tensor& bias,
                   Activation activation = nullptr) {
  const ProductShape shape{x.size(0), x.size(1), w.size(0)};
  const at::Tensor packed =
      at::empty({ops::cpu::tile_weight_size(shape.in, shape.out)}, w.options());
  ops::cpu::pack_tile_weight(ops::elements<Bfloat16>(w), shape.in, shape.out,
                             ops::mutable_elements<Bfloat16>(packed));
  const at::Tensor y = at::empty({shape.rows, shape.out}, x.options());
  ops::cpu::tile_product(ops::elements<Bfloat16>(x), ops::elements<Bfloat16>(packed),
                         bias.defined() ? ops::elements<float>(bias) : nullptr, shape, activation,
                         ops::mutable_elements<Bfloat16>(y));
  return y;
}

class TileProduct : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!ops::cpu::has_tile_products()) GTEST_SKIP() << "no tiles of bfloat16 (AMX) on this CPU";
  }
};

TEST_F(TileProduct, IsRoundedOnce) {
  for (const ProductShape& shape : kShapes) {
    const at::Tensor x = numbers(shape.rows, shape.in, 0.7), w = numbers(shape.out, shape.in, 0.3);
    const at::Tensor bias = test::wave({shape.out});
    const at::Tensor wanted =
        at::linear(x.to(at::kDouble), w.to(at::kDouble), bias.to(at::kDouble));
    const double last_place = wanted.abs().max().item<double>() / 250;
    EXPECT_LT(test::largest_difference(product(x, w, bias), wanted), last_place) << shape.in;
    EXPECT_LT(test::largest_difference(product(x, w, bias, ops::cpu::gelu_erf), at::gelu(wanted)),
              last_place);
    EXPECT_LT(test::largest_difference(product(x, w, {}), wanted - bias), last_place);
  }
}

TEST_F(TileProduct, ARowDoesNotDependOnTheOthersOrTheThreads) {
  const at::Tensor x = numbers(261, 3072, 0.7), w = numbers(200, 3072, 0.3),
                   bias = test::wave({200});
  const at::Tensor all = product(x, w, bias);
  for (const int64_t count : {1, 2, 7, 13, 200})
    EXPECT_TRUE(product(x.narrow(0, 5, count), w, bias).equal(all.narrow(0, 5, count))) << count;
  test::expect_same_with_any_threads([&] { return product(x, w, bias); });
}

}  // namespace
}  // namespace svgen
