// SPDX-License-Identifier: MIT
// REPA's projector; its numbers are compared in the reference suite.
#include "models/projector/projector.h"

#include <gtest/gtest.h>

#include <vector>

#include "backend/nn/fill.h"

namespace svgen::models {
namespace {

TEST(Projector, MapsEachTokenToFeatures) {
  Projector projector({.width = 8, .hidden = 16, .features = 5});
  test::fill(projector);
  const at::Tensor tokens = test::wave({2, 3, 8});
  const at::Tensor features = projector(tokens);
  EXPECT_EQ(features.sizes(), at::IntArrayRef({2, 3, 5}));
  EXPECT_TRUE(features[1].allclose(projector(tokens.narrow(0, 1, 1))[0], 1e-5, 1e-6));
}

TEST(Projector, HasThePublishedNames) {
  Projector projector({.width = 8, .hidden = 16, .features = 5});
  std::vector<std::string> names;
  const nn::StateVisitor collect = [&](const nn::StateSlot& slot) { names.push_back(slot.name); };
  projector.visit(nn::StateScope(collect));
  EXPECT_EQ(names, (std::vector<std::string>{"0.weight", "0.bias", "2.weight", "2.bias", "4.weight",
                                             "4.bias"}));
}

}  // namespace
}  // namespace svgen::models
