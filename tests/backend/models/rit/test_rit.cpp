// SPDX-License-Identifier: MIT
// RiT: the class vector beside the cells, its start and its end. Parity is in tests/reference.
#include "models/rit/rit.h"

#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>

#include "backend/models/checks.h"
#include "backend/ops/threads.h"

namespace svgen::models {
namespace {

const RitConfig kSmall = {.channels = 6,
                          .width = 16,
                          .depth = 3,
                          .heads = 2,
                          .mlp = 24,
                          .classes = 3,
                          .grid = {3, 3},
                          .context = 2,
                          .context_start = 1};

TEST(Rit, CarriesAClassVectorInFrontOfTheCells) {
  Rit rit(kSmall);
  test::fill(rit);
  const at::Tensor noise = test::wave({2, 9, 6});
  const at::Tensor state = rit.start(noise);
  EXPECT_EQ(state.sizes().vec(), (std::vector<int64_t>{2, 10, 6}));
  EXPECT_LT(test::largest_difference(state.select(1, 0), noise.mean(1)), 1e-6);
  EXPECT_TRUE(rit.latent(state).equal(noise));
}

TEST(Rit, TurnsCleanFeaturesIntoAVelocity) {
  Rit rit(kSmall);
  test::fill(rit);
  const at::Tensor x = test::wave({1, 10, 6}), y = at::tensor({int64_t{1}});
  for (const float t : {0.2f, 0.99f}) {
    const at::Tensor m = rit.conditioning(at::tensor({t}), y);
    const at::Tensor wanted = (rit.prediction(x, m) - x) / std::max(1 - t, 0.05f);
    EXPECT_LT(test::largest_difference(rit.velocity(x, m), wanted), 1e-4);
  }
}

TEST(Rit, ArrangedForInferenceIsTheSameMapWithAnyThreads) {
  const c10::InferenceMode inference;
  Rit rit(kSmall);
  test::fill(rit);
  const auto velocity = [&] {
    return rit.velocity(test::wave({1, 10, 6}), at::tensor({0.2f}), at::tensor({int64_t{3}}));
  };
  const at::Tensor before = velocity();
  rit.arrange();
  EXPECT_LT(test::largest_difference(velocity(), before), 1e-5);
  test::expect_same_with_any_threads(velocity);
}

}  // namespace
}  // namespace svgen::models
