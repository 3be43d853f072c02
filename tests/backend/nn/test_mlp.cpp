// SPDX-License-Identifier: MIT
// The perceptron and the two forms of its GELU.
#include "nn/mlp.h"

#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "backend/ops/threads.h"

namespace svgen {
namespace {

TEST(Gelu, FormsDifferAtOneAsTheirDefinitionsDo) {
  const at::Tensor one = at::ones({1});
  EXPECT_NEAR(nn::gelu(one, nn::Gelu::kErf).item<double>(), 0.8413447461, 1e-6);
  EXPECT_NEAR(nn::gelu(one, nn::Gelu::kTanh).item<double>(), 0.8411919906, 1e-6);
}

TEST(Mlp, IsTwoLayersWithAGeluBetween) {
  nn::Mlp mlp(6, 12, nn::Gelu::kTanh);
  test::fill(mlp);
  const at::Tensor x = test::wave({2, 3, 6});
  EXPECT_TRUE(mlp(x).equal(mlp.down(nn::gelu(mlp.up(x), nn::Gelu::kTanh))));
}

TEST(Mlp, GivesTheSameBitsWithAnyThreads) {
  for (nn::Gelu form : {nn::Gelu::kErf, nn::Gelu::kTanh}) {
    nn::Mlp mlp(768, 3072, form);
    test::fill(mlp);
    const at::Tensor x = test::wave({1, 256, 768});
    test::expect_same_with_any_threads([&] { return mlp(x); });
  }
}

}  // namespace
}  // namespace svgen
