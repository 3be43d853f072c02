// SPDX-License-Identifier: MIT
// The convolution against the library's in float64, whatever stands beside an image.
#include "ops/convolution.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "backend/ops/threads.h"
#include "ops/products.h"

namespace svgen {
namespace {

using test::wave;

struct Sizes {
  int64_t images, in, out, height, width;
};

// Sides that are no multiple of a tile, channels that do not fill a vector, one task and many.
constexpr Sizes kSizes[] = {{3, 3, 5, 4, 4},
                            {2, 152, 64, 8, 8},
                            {1, 32, 3, 33, 35},
                            {2, 20, 40, 1, 2},
                            {1, 16, 130, 50, 7}};

at::Tensor input(const Sizes& s) {
  return wave({s.images, s.in, s.height, s.width}).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor weight_of(const Sizes& s) {
  return test::scatter({s.out, s.in, 3, 3}, 0.3, 0.5 / std::sqrt(s.in), 0);
}

at::Tensor wanted(const at::Tensor& x, const at::Tensor& w, const at::Tensor& b) {
  return at::conv2d(x.to(at::kDouble), w.to(at::kDouble), b.to(at::kDouble), {1, 1}, {1, 1});
}

// Relative L2 error in float32; that of the library's convolution is half as large.
constexpr double kTolerance = 2e-6;

double relative_error(const at::Tensor& y, const at::Tensor& exact) {
  return ((y - exact).norm() / exact.norm()).item<double>();
}

TEST(OpsConvolution, EqualsTheLibrarysInEitherLayoutAndForEachImageAlone) {
  const c10::InferenceMode inference;
  for (const Sizes& s : kSizes)
    for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
      const at::Tensor x = input(s), w = weight_of(s).to(dtype), b = wave({s.out}).to(dtype);
      for (const at::Tensor& weight : {w, ops::pack(w)}) {
        const at::Tensor y = ops::conv2d(x, weight, b);
        // Sums are float32 throughout: with bfloat16 weights the error is not larger.
        EXPECT_LT(relative_error(y, wanted(x, w, b)), kTolerance);
        EXPECT_TRUE(y.is_contiguous(at::MemoryFormat::ChannelsLast));
        EXPECT_TRUE(ops::conv2d(x.narrow(0, s.images - 1, 1), weight, b)
                        .equal(y.narrow(0, s.images - 1, 1)));
        test::expect_same_with_any_threads([&] { return ops::conv2d(x, weight, b); });
      }
    }
}

TEST(OpsConvolution, DoublesBeforeAndAddsAfter) {
  const c10::InferenceMode inference;
  for (const Sizes& s : kSizes) {
    const at::Tensor x = input(s), w = weight_of(s), b = wave({s.out});
    const at::Tensor large = at::upsample_nearest2d(x, {2 * s.height, 2 * s.width});
    const at::Tensor added = wave({s.images, s.out, 2 * s.height, 2 * s.width});
    const at::Tensor y = ops::conv2d(x, w, b, {.doubles = true, .added = added});
    EXPECT_LT(relative_error(y, wanted(large, w, b) + added), kTolerance);
    EXPECT_TRUE(ops::conv2d(x, w, b, {.doubles = true}).equal(ops::conv2d(large, w, b)));
  }
}

TEST(OpsConvolution, IsDifferentiable) {
  const Sizes s = kSizes[1];
  const at::Tensor x = input(s), w = weight_of(s).requires_grad_(), b = wave({s.out});
  const at::Tensor y = ops::conv2d(x, w, b, {.doubles = true, .added = wave({1})});
  y.sum().backward();
  const at::Tensor found = w.grad().clone();
  w.mutable_grad() = at::Tensor();
  at::conv2d(at::upsample_nearest2d(x, {16, 16}), w, b, {1, 1}, {1, 1}).sum().backward();
  EXPECT_TRUE(found.equal(w.grad()));
}

TEST(OpsConvolution, OtherKernelsAreTheLibrarys) {
  const c10::InferenceMode inference;
  const at::Tensor x = input(kSizes[0]), w = wave({4, 3, 5, 5}), b = wave({4});
  EXPECT_TRUE(ops::conv2d(x, w, b).equal(at::conv2d(x, w, b, {1, 1}, {2, 2})));
}

}  // namespace
}  // namespace svgen
