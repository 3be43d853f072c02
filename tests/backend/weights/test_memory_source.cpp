// SPDX-License-Identifier: MIT
// Tensors in memory as a source of weights.
#include "weights/memory_source.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "svgen/error.h"

namespace svgen::weights {
namespace {

TEST(MemorySource, ListsAndReadsItsTensors) {
  const at::Tensor x = at::arange(6).view({2, 3});
  const auto source = memory_source("a training", {{"a", x}, {"b.c", x.t()}});
  EXPECT_EQ(source->path(), "a training");
  ASSERT_EQ(source->tensors().size(), 2u);
  EXPECT_EQ(source->find("b.c")->shape, (std::vector<int64_t>{3, 2}));
  EXPECT_EQ(source->find("a")->dtype, at::kLong);
  EXPECT_TRUE(at::equal(source->read("b.c"), x.t()));
  EXPECT_TRUE(source->read("b.c").is_contiguous());
  EXPECT_THROW(source->read("c"), WeightsError);
}

}  // namespace
}  // namespace svgen::weights
