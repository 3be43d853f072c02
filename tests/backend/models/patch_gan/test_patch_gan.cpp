// SPDX-License-Identifier: MIT
// The discriminator's shapes, its batch statistics alone and over processes.
#include "models/patch_gan/patch_gan.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "backend/models/module_source.h"
#include "backend/nn/fill.h"
#include "svgen/error.h"

namespace svgen::models {
namespace {

PatchGan filled(int64_t filters = 4) {
  PatchGan gan(filters);
  test::fill(gan);
  for (BatchNorm& norm : gan.norms) {
    norm.running_mean = at::zeros({norm.channels});
    norm.running_var = at::ones({norm.channels});
    norm.num_batches_tracked = at::zeros({}, at::kLong);
  }
  return gan;
}

TEST(PatchGan, JudgesPatches) {
  PatchGan gan = filled();
  EXPECT_EQ(gan.forward(test::wave({2, 3, 256, 256})).sizes(), at::IntArrayRef({2, 1, 30, 30}));
  EXPECT_EQ(gan.forward(test::wave({2, 3, 64, 64})).sizes(), at::IntArrayRef({2, 1, 6, 6}));
  EXPECT_THROW(gan.forward(test::wave({2, 3, 16, 16})), ShapeError);
}

TEST(PatchGan, CountsBatchesAndMovesStatistics) {
  PatchGan gan = filled();
  for (int i = 0; i < 3; ++i) gan.forward(test::wave({2, 3, 64, 64}, i));
  for (const BatchNorm& norm : gan.norms) {
    EXPECT_EQ(norm.num_batches_tracked.item<int64_t>(), 3);
    EXPECT_GT(norm.running_mean.abs().max().item<double>(), 0);
  }
}

TEST(PatchGan, SummedStatisticsEqualTheLibrarys) {
  // As if two processes had the same half batch: the sum over both is twice that of one.
  const SumOverProcesses twice = [](const at::Tensor& x) { return 2 * x; };
  const at::Tensor half = test::wave({2, 8, 6, 6}, 0.2, 3, 1);
  const at::Tensor whole = half.repeat({2, 1, 1, 1});
  BatchNorm alone(8), summed(8);
  for (BatchNorm* norm : {&alone, &summed}) {
    test::fill(*norm);
    norm->running_mean = at::zeros({8});
    norm->running_var = at::ones({8});
    norm->num_batches_tracked = at::zeros({}, at::kLong);
  }
  const at::Tensor expected = alone(whole, {});
  EXPECT_TRUE(at::allclose(summed(half, twice), expected.narrow(0, 0, 2), 1e-4, 1e-5));
  EXPECT_TRUE(at::allclose(summed.running_mean, alone.running_mean, 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(summed.running_var, alone.running_var, 1e-5, 1e-6));
}

TEST(PatchGan, NamesAndSizesAreThoseOfTheCheckpoint) {
  const test::ModuleSource source{PatchGan()};
  EXPECT_EQ(PatchGan::infer_filters(source), 64);
  int64_t parameters = 0;
  for (const weights::TensorInfo& info : source.tensors()) {
    int64_t count = 1;
    for (const int64_t size : info.shape) count *= size;
    if (info.name.find("running") == std::string::npos && !info.shape.empty()) parameters += count;
  }
  EXPECT_EQ(parameters, 2765633);
  EXPECT_NE(source.find("main.11.bias"), nullptr);
  EXPECT_EQ(source.find("main.2.bias"), nullptr);
}

}  // namespace
}  // namespace svgen::models
