// SPDX-License-Identifier: MIT
// Sizes of RiT from card and file.
#include <gtest/gtest.h>

#include "backend/models/module_source.h"
#include "models/rit/rit.h"

namespace svgen::models {
namespace {

TEST(RitSizes, ComeFromTheFileAndTheStartOfTheContextFromTheCard) {
  const RitConfig small = {.channels = 6,
                           .width = 16,
                           .depth = 3,
                           .heads = 2,
                           .mlp = 24,
                           .classes = 3,
                           .grid = {3, 3},
                           .context = 2,
                           .context_start = 1};
  Card card;
  card.grid = {3, 3};
  card.diffusion = DiffusionConfig{};
  const test::ModuleSource source{Rit(small)};
  EXPECT_EQ(test::rejected_keys([&] { kRit.from_file(card, source, 0); }),
            "diffusion.context_start");
  card.diffusion->context_start = 1;
  EXPECT_EQ(kRit.from_file(card, source, 0), small);
}

TEST(RitSizes, OfThePresetAreThePublishedOnes) {
  const test::ModuleSource source{Rit(*kRit.find_preset("rit-xl"))};
  int64_t numbers = 0;
  for (const weights::TensorInfo& info : source.tensors()) {
    int64_t count = 1;
    for (const int64_t size : info.shape) count *= size;
    numbers += count;
  }
  EXPECT_EQ(source.tensors().size(), 410u);
  EXPECT_EQ(numbers, 676996416);
}

}  // namespace
}  // namespace svgen::models
