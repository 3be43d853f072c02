// SPDX-License-Identifier: MIT
// A source whose names are stripped of their wrappers.
#include "weights/unwrapped_source.h"

#include <ATen/ops/ones.h>

#include "support.h"
#include "weights/memory_source.h"

namespace svgen::weights {
namespace {

TEST(UnwrappedName, KeepsTheLastPartAndPartsThatOnlyLookAlike) {
  for (const char* name : {"", "module", "a.module", "a.", "modules.a", "_orig_mod", "n_averaged"})
    EXPECT_EQ(unwrapped_name(name), name);
  EXPECT_EQ(unwrapped_name("module.module.a.module.b"), "a.b");
  EXPECT_EQ(unwrapped_name("encoder.module."), "encoder.");
}

TEST(Unwrapped, IsTheSourceItselfWithoutWrappers) {
  const auto source = memory_source("x", {{"a", at::ones({1})}});
  EXPECT_EQ(unwrapped(source), source);
}

}  // namespace
}  // namespace svgen::weights
