// SPDX-License-Identifier: MIT
// Vision transformers with a table of positions: tokens, tables, threads. Parity is in
// tests/reference.
#include "models/table_vit/table_vit.h"

#include <c10/core/InferenceMode.h>

#include "backend/models/checks.h"
#include "backend/ops/threads.h"
#include "svgen/error.h"

namespace svgen::models {
namespace {

const TableVitConfig kSmall = {.patch = 7,
                               .cell = 8,
                               .width = 24,
                               .depth = 2,
                               .heads = 2,
                               .mlp = 48,
                               .registers = 2,
                               .table = 9};

TableVit filled(const TableVitConfig& config = kSmall) {
  TableVit vit(config);
  test::fill(vit);
  return vit;
}

TEST(TableVit, GivesAFeatureForEachCellOfThePicture) {
  const TableVit vit = filled();
  const at::Tensor pixels = test::wave({2, 3, 24, 32});
  EXPECT_EQ(vit.features(pixels, vit.tables(24, 32)).sizes().vec(),
            (std::vector<int64_t>{2, 12, 24}));
}

TEST(TableVit, KeepsItsTableWhereTheGridIsItsOwn) {
  const TableVit vit = filled();
  EXPECT_TRUE(vit.positions(3, 3).is_same(vit.pos_embed));
  EXPECT_EQ(vit.positions(2, 5).sizes().vec(), (std::vector<int64_t>{1, 11, 24}));
}

TEST(TableVit, MayLeaveOutTheLastNormsWeightAndBias) {
  TableVitConfig config = kSmall;
  config.affine = false;
  const TableVit vit = filled(config);
  const at::Tensor x = vit.features(test::wave({1, 3, 24, 24}), vit.tables(24, 24));
  EXPECT_LT(x.mean(-1).abs().max().item<double>(), 1e-5);
  EXPECT_LT((x.std(-1, false) - 1).abs().max().item<double>(), 1e-3);
}

TEST(TableVit, GivesTheSameBitsWithAnyThreads) {
  const c10::InferenceMode inference;
  const TableVit vit = filled();
  const at::Tensor pixels = test::wave({1, 3, 64, 64});
  test::expect_same_with_any_threads([&] { return vit.features(pixels, vit.tables(64, 64)); });
}

}  // namespace
}  // namespace svgen::models
