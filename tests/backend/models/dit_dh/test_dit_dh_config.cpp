// SPDX-License-Identifier: MIT
// Sizes of DiT-DH from card and file.
#include <gtest/gtest.h>

#include "backend/models/module_source.h"
#include "models/dit_dh/dit_dh.h"

namespace svgen::models {
namespace {

const DitDhConfig kSmall = {
    .channels = 6, .classes = 3, .grid = {3, 3}, .body = {16, 2, 2, 24}, .head = {32, 1, 4, 40}};

TEST(DitDhSizes, ComeFromTheFileAndTheHeadsFromTheCard) {
  Card card;
  card.grid = {3, 3};
  card.diffusion = DiffusionConfig{};
  card.diffusion->heads = 2;
  card.diffusion->head_heads = 4;
  const test::ModuleSource source{DitDh(kSmall)};
  EXPECT_EQ(kDitDh.from_file(card, source, 0), kSmall);
  card.diffusion->depth = 3;
  card.diffusion->head_heads = 0;
  card.grid = {3, 4};
  EXPECT_EQ(test::rejected_keys([&] { kDitDh.from_file(card, source, 0); }),
            "diffusion.depth; diffusion.head_heads; diffusion.grid");
}

// As the paper's table counts them.
TEST(DitDhSizes, OfThePresetAreThePublishedOnes) {
  const test::ModuleSource source{DitDh(*kDitDh.find_preset("dit-dh-xl"))};
  int64_t numbers = 0;
  for (const weights::TensorInfo& info : source.tensors()) {
    int64_t count = 1;
    for (const int64_t size : info.shape) count *= size;
    numbers += count;
  }
  EXPECT_EQ(source.tensors().size(), 382u - 4u);  // less the rotary tables
  EXPECT_EQ(numbers, 838675796);
}

}  // namespace
}  // namespace svgen::models
