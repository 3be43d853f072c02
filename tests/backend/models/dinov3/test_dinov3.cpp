// SPDX-License-Identifier: MIT
// The semantic encoder: shapes, refusals, gradients, precision, thread independence.
#include "models/dinov3/dinov3.h"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "backend/models/checks.h"
#include "backend/ops/threads.h"
#include "svgen/error.h"

namespace svgen {
namespace {

models::DinoV3 filled(models::DinoV3Config config = {
                          .patch = 8, .width = 32, .depth = 2, .heads = 2, .ffn = 40}) {
  models::DinoV3 dino(config);
  test::fill(dino);
  dino.periods = at::Tensor();
  return dino;
}

TEST(DinoV3, ListsClassRegistersAndPatches) {
  const models::DinoV3 dino = filled();
  const at::Tensor pixels = test::wave({2, 3, 16, 24});
  const at::Tensor tokens = dino.forward(pixels);
  EXPECT_EQ(tokens.sizes().vec(), (std::vector<int64_t>{2, 1 + 4 + 6, 32}));
  EXPECT_TRUE(dino.patch_tokens(pixels).equal(tokens.narrow(1, 5, 6)));
}

TEST(DinoV3, WorksWithoutRegistersAndWithoutGate) {
  const models::DinoV3 dino = filled(
      {.patch = 8, .width = 32, .depth = 1, .heads = 2, .ffn = 40, .gated = false, .registers = 0});
  EXPECT_EQ(dino.forward(test::wave({1, 3, 16, 16})).size(1), 5);
}

TEST(DinoV3, RefusesPicturesThatDoNotDivide) {
  EXPECT_THROW(filled().forward(at::zeros({1, 3, 20, 16})), ShapeError);
}

TEST(DinoV3, IsFiniteInEveryTokenOfABlankPicture) {
  EXPECT_TRUE(filled().forward(at::zeros({1, 3, 16, 16})).isfinite().all().item<bool>());
}

TEST(DinoV3, PassesGradientsToEveryParameter) {
  models::DinoV3 dino = filled();
  test::expect_gradients(dino, [&] { return dino.forward(test::wave({1, 3, 16, 16})); });
}

TEST(DinoV3, StaysNearInBfloat16) {
  models::DinoV3 dino = filled();
  test::expect_near_in_bfloat16(
      dino,
      [&] {
        return dino.forward(test::wave({1, 3, 16, 16}));
      },
      0.1);
}

TEST(DinoV3, GivesTheSameBitsWithAnyThreads) {
  for (const models::DinoV3Config& config :
       {models::DinoV3Config{.patch = 8, .width = 128, .depth = 2, .heads = 4, .ffn = 344},
        models::DinoV3Config{.width = 384, .depth = 2, .heads = 6, .ffn = 1536}}) {
    models::DinoV3 dino = filled(config);
    const int64_t side = config.patch * config.patch;
    const at::Tensor pixels = test::wave({1, 3, side, side});
    test::expect_same_with_any_threads([&] { return dino.forward(pixels); });
    test::cast(dino, at::kBFloat16);
    test::expect_same_with_any_threads([&] { return dino.forward(pixels); });
  }
}

}  // namespace
}  // namespace svgen
