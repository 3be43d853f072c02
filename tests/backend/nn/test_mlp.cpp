// SPDX-License-Identifier: MIT
// The perceptron with either form of GELU.
#include "nn/mlp.h"

#include <gtest/gtest.h>

#include "backend/nn/fill.h"
#include "backend/ops/threads.h"
#include "ops/ops.h"

namespace svgen {
namespace {

TEST(Mlp, IsTwoLayersWithAGeluBetween) {
  nn::Mlp mlp(6, 12, ops::Epilogue::kGeluTanh);
  test::fill(mlp);
  const at::Tensor x = test::wave({2, 3, 6});
  EXPECT_TRUE(mlp(x).equal(mlp.down(ops::gelu_tanh(mlp.up(x)))));
}

TEST(Mlp, GivesTheSameBitsWithAnyThreads) {
  for (const ops::Epilogue form : {ops::Epilogue::kGeluErf, ops::Epilogue::kGeluTanh}) {
    nn::Mlp mlp(768, 3072, form);
    test::fill(mlp);
    const at::Tensor x = test::wave({1, 256, 768});
    test::expect_same_with_any_threads([&] { return mlp(x); });
  }
}

}  // namespace
}  // namespace svgen
