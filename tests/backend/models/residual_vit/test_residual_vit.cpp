// SPDX-License-Identifier: MIT
// The residual encoder: sizes, positions of other grids, gradients, thread independence.
#include "models/residual_vit/residual_vit.h"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "backend/models/checks.h"
#include "backend/models/module_source.h"
#include "backend/ops/threads.h"

namespace svgen {
namespace {

using models::ResidualVitConfig;

const ResidualVitConfig kSmall = {.patch = 8,
                                  .width = 32,
                                  .depth = 2,
                                  .heads = 4,
                                  .mlp = 48,
                                  .outputs = 5,
                                  .tokens = 6,
                                  .grid = {2, 3}};

models::ResidualVit filled(const ResidualVitConfig& config = kSmall) {
  models::ResidualVit residual(config);
  test::fill(residual);
  return residual;
}

TEST(ResidualVit, GivesItsOutputsPerPatch) {
  EXPECT_EQ(filled().forward(test::wave({2, 3, 16, 24})).sizes().vec(),
            (std::vector<int64_t>{2, 6, 5}));
}

TEST(ResidualVit, UsesItsOwnTableAsItIs) {
  const models::ResidualVit residual = filled();
  EXPECT_TRUE(residual.positions({2, 3}).equal(residual.pos_embedding));
}

TEST(ResidualVit, InterpolatesPositionsAndKeepsTheClassSlot) {
  models::ResidualVit residual = filled();
  const at::Tensor wide = residual.positions({4, 6});
  EXPECT_EQ(wide.sizes().vec(), (std::vector<int64_t>{1, 25, 32}));
  EXPECT_TRUE(wide.select(1, 0).equal(residual.pos_embedding.select(1, 0)));
  residual.pos_embedding = residual.pos_embedding.narrow(1, 0, 1).expand({1, 7, 32}).contiguous();
  EXPECT_LT(test::largest_difference(residual.positions({5, 4}),
                                     residual.pos_embedding.narrow(1, 0, 1).expand({1, 21, 32})),
            1e-6);
  EXPECT_EQ(residual.forward(test::wave({1, 3, 40, 32})).size(1), 20);
}

TEST(ResidualVit, RefusesPicturesThatDoNotDivide) {
  EXPECT_THROW(filled().forward(at::zeros({1, 3, 20, 16})), ShapeError);
}

TEST(ResidualVit, PassesGradientsToEveryParameter) {
  models::ResidualVit residual = filled();
  test::expect_gradients(residual, [&] { return residual.forward(test::wave({1, 3, 32, 32})); });
}

TEST(ResidualVit, StaysNearInBfloat16) {
  models::ResidualVit residual = filled();
  test::expect_near_in_bfloat16(
      residual,
      [&] {
        return residual.forward(test::wave({1, 3, 16, 24}));
      },
      0.1);
}

TEST(ResidualVit, GivesTheSameBitsWithAnyThreads) {
  for (const ResidualVitConfig& config :
       {ResidualVitConfig{
            .patch = 8, .width = 128, .depth = 2, .heads = 4, .mlp = 512, .tokens = 64},
        ResidualVitConfig{.depth = 2}}) {
    models::ResidualVit residual = filled(config);
    const int64_t side = config.patch * config.patch;
    const at::Tensor pixels = test::wave({1, 3, side, side});
    test::expect_same_with_any_threads([&] { return residual.forward(pixels); });
    test::expect_same_with_any_threads([&] { return residual.forward(pixels.narrow(2, 0, 48)); });
  }
}

TEST(ResidualVitSizes, ComeFromTheFileExceptTheHeads) {
  const test::ModuleSource source{models::ResidualVit(kSmall)};
  ResidualConfig card;
  EXPECT_EQ(test::rejected_keys([&] {
              models::infer_residual_vit_config(card, source, 8, {2, 3});
            }),
            "residual.heads");
  card.heads = 4;
  EXPECT_EQ(models::infer_residual_vit_config(card, source, 8, {2, 3}), kSmall);
}

TEST(ResidualVitSizes, ContradictionsAreNamedTogether) {
  const test::ModuleSource source{models::ResidualVit(kSmall)};
  ResidualConfig card;
  card.width = 31;
  card.depth = 1;
  card.heads = 5;
  card.mlp = 1;
  card.outputs = 8;
  EXPECT_EQ(test::rejected_keys([&] {
              models::infer_residual_vit_config(card, source, 16, {2, 2});
            }),
            "residual.width; residual.patch; residual.depth; residual.mlp; residual.outputs; "
            "residual.grid; residual.heads");
}

}  // namespace
}  // namespace svgen
