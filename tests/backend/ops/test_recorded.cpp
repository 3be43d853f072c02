// SPDX-License-Identifier: MIT
// Gradients by kernels: those of the library in float64, the same with any number of threads.
#include "ops/recorded.h"

#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/gelu.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "backend/nn/fill.h"
#include "ops/ops.h"

namespace svgen {
namespace {

using test::largest_difference;
using test::wave;

at::Tensor leaf(const at::Tensor& x, at::ScalarType dtype) {
  return x.to(dtype).detach().clone().requires_grad_();
}

double relative(const at::Tensor& found, const at::Tensor& wanted) {
  return largest_difference(found, wanted) / (1e-3 + wanted.abs().max().item<double>());
}

TEST(RecordedGelu, HasTheGradientOfTheLibrary) {
  for (const auto& [dtype, bound] : {std::pair{at::kFloat, 1e-6}, {at::kBFloat16, 8e-3}})
    for (const int64_t size : {1, 17, 8193}) {
      const at::Tensor numbers = wave({size}, 0.2, 4).to(dtype);
      const at::Tensor x = leaf(numbers, dtype), exact = leaf(numbers, at::kDouble);
      const at::Tensor from = wave({size}, 1.1);
      const at::Tensor y = ops::gelu_tanh(x), wanted = at::gelu(exact, "tanh");
      y.backward(from.to(dtype));
      wanted.backward(from.to(at::kDouble));
      EXPECT_EQ(y.scalar_type(), dtype);
      EXPECT_LT(relative(y, wanted), bound) << size;
      EXPECT_LT(relative(x.grad(), exact.grad()), bound) << size;
    }
}

TEST(RecordedGelu, TakesPartsAndTransposedTensors) {
  const at::Tensor x = wave({6, 20}).requires_grad_(), again = leaf(x, at::kFloat);
  ops::gelu_tanh(x.transpose(0, 1).narrow(0, 3, 9)).sum().backward();
  at::gelu(again.transpose(0, 1).narrow(0, 3, 9), "tanh").sum().backward();
  EXPECT_LT(largest_difference(x.grad(), again.grad()), 1e-6);
}

// Operands, and what comes out of them.
struct Blocks {
  Blocks(int64_t images, int64_t tokens, int64_t width, at::ScalarType carried,
         at::ScalarType product)
      : leaves{leaf(wave({images, tokens, width}, 0.1, 2, 1), carried),
               leaf(wave({images, width}, 0.4), carried),
               leaf(wave({images, tokens, width}, 0.7).to(at::kBFloat16), product),
               leaf(wave({images, width}, 1), carried), leaf(wave({images, width}, 2), carried)},
        result(product) {}

  std::pair<at::Tensor, at::Tensor> operator()(ops::NormKind kind) const {
    return ops::gated_sum_and_norm(leaves[0], leaves[1], leaves[2], leaves[3], leaves[4], 1e-4,
                                   result, kind);
  }

  std::array<at::Tensor, 5> leaves;  // x, gate, branch, shift, scale
  at::ScalarType result;
};

enum class Used { kBoth, kSum, kNorm };

void backward(const std::pair<at::Tensor, at::Tensor>& out, Used used) {
  const at::Tensor &sum = out.first, &normed = out.second;
  const auto weighted = [](const at::Tensor& y, double phase) {
    return (y.to(at::kDouble) * wave(y.sizes().vec(), phase).to(at::kBFloat16).to(at::kDouble))
        .sum();
  };
  at::Tensor total = used == Used::kNorm ? weighted(normed, 3) : weighted(sum, 5);
  if (used == Used::kBoth) total = total + weighted(normed, 3);
  total.backward();
}

TEST(RecordedSumAndNorm, HasTheGradientsOfItsComposition) {
  struct Case {
    at::ScalarType product;
    double bound;
  };
  for (const auto& [product, bound] : {Case{at::kFloat, 2e-5}, Case{at::kBFloat16, 1e-2}})
    for (const auto& [images, tokens, width] :
         {std::array<int64_t, 3>{2, 7, 24}, {1, 70, 37}, {3, 33, 16}, {2, 1, 1152}})
      for (const ops::NormKind kind : {ops::NormKind::kLayer, ops::NormKind::kRms})
        for (const Used used : {Used::kBoth, Used::kSum, Used::kNorm}) {
          const Blocks ours(images, tokens, width, at::kFloat, product);
          const Blocks exact(images, tokens, width, at::kDouble, at::kDouble);
          const auto found = ours(kind), wanted = exact(kind);
          EXPECT_EQ(found.first.scalar_type(), at::kFloat);
          EXPECT_EQ(found.second.scalar_type(), product);
          EXPECT_LT(relative(found.first, wanted.first), 1e-6);
          EXPECT_LT(relative(found.second, wanted.second), bound);
          backward(found, used);
          backward(wanted, used);
          for (size_t i = 0; i < ours.leaves.size(); ++i) {
            if (!exact.leaves[i].grad().defined())
              continue;  // of shift and scale, for the sum alone
            EXPECT_LT(relative(ours.leaves[i].grad(), exact.leaves[i].grad()), bound)
                << "operand " << i << ", " << images << " x " << tokens << " x " << width;
          }
        }
}

TEST(RecordedSumAndNorm, TakesPartsOfAWiderMatrix) {
  const Blocks apart(2, 9, 24, at::kFloat, at::kFloat);
  backward(apart(ops::NormKind::kLayer), Used::kBoth);
  const Blocks same(2, 9, 24, at::kFloat, at::kFloat);
  const at::Tensor all =
      leaf(at::cat({same.leaves[1], same.leaves[3], same.leaves[4]}, 1), at::kFloat);
  const std::vector<at::Tensor> m = all.chunk(3, 1);
  backward(
      ops::gated_sum_and_norm(same.leaves[0], m[0], same.leaves[2], m[1], m[2], 1e-4, at::kFloat),
      Used::kBoth);
  EXPECT_TRUE(same.leaves[0].grad().equal(apart.leaves[0].grad()));
  EXPECT_TRUE(all.grad().equal(
      at::cat({apart.leaves[1].grad(), apart.leaves[3].grad(), apart.leaves[4].grad()}, 1)));
}

TEST(RecordedSumAndNorm, GivesGradientsInTheDtypesOfItsOperands) {
  const Blocks blocks(2, 9, 24, at::kFloat, at::kFloat);
  const at::Tensor gate = leaf(blocks.leaves[1], at::kBFloat16);
  backward(ops::gated_sum_and_norm(blocks.leaves[0], gate, blocks.leaves[2], blocks.leaves[3],
                                   blocks.leaves[4], 1e-4, at::kFloat),
           Used::kBoth);
  EXPECT_EQ(gate.grad().scalar_type(), at::kBFloat16);
}

TEST(RecordedSumAndNorm, GivesTheSameBitsWithAnyThreads) {
  const auto gradients = [] {
    const Blocks blocks(3, 75, 40, at::kFloat, at::kBFloat16);
    backward(blocks(ops::NormKind::kLayer), Used::kBoth);
    std::vector<at::Tensor> parts;
    for (const at::Tensor& x : blocks.leaves) parts.push_back(x.grad().to(at::kFloat).flatten());
    return at::cat(parts);
  };
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor alone = gradients();
  for (const int threads : {2, 3}) {
    at::set_num_threads(threads);
    EXPECT_TRUE(gradients().equal(alone)) << "with " << threads << " threads";
  }
  at::set_num_threads(before);
}

}  // namespace
}  // namespace svgen
