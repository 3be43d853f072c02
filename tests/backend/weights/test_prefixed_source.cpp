// SPDX-License-Identifier: MIT
// A part of a checkpoint by its prefix.
#include "weights/prefixed_source.h"

#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

namespace svgen::weights {
namespace {

TEST(PrefixedSource, ShowsTheNamesBelowThePrefix) {
  const auto whole = open_weights(SVGEN_TEST_DATA "/tiny/svg_autoencoder_tiny.ckpt");
  const auto part = prefixed_source(whole, "loss.discriminator.");
  EXPECT_EQ(part->tensors().size(), 22u);
  EXPECT_EQ(part->path(), whole->path());
  ASSERT_NE(part->find("main.0.weight"), nullptr);
  EXPECT_TRUE(
      at::equal(part->read("main.0.weight"), whole->read("loss.discriminator.main.0.weight")));
  EXPECT_EQ(part->find("loss.discriminator.main.0.weight"), nullptr);
}

TEST(PrefixedSource, IsEmptyWithoutSuchNames) {
  const auto whole = open_weights(SVGEN_TEST_DATA "/tiny/dit_tiny.pt");
  EXPECT_TRUE(prefixed_source(whole, "loss.")->tensors().empty());
}

}  // namespace
}  // namespace svgen::weights
