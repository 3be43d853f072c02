// SPDX-License-Identifier: MIT
// Compares the names in a file with the table of a network's names.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "weights/key_map.h"
#include "weights/state_source.h"

namespace svgen::test {

/// Expects that the table knows every name of tests/data/tiny/`file` that begins with `prefix`, and
/// misses none.
inline void expect_known_names(const std::string& file, const weights::KeyFamily& family,
                               const std::string& prefix = "") {
  const auto source = weights::open_weights(std::filesystem::path(SVGEN_TEST_DATA) / "tiny" / file);
  std::vector<std::string> names;
  for (const weights::TensorInfo& info : source->tensors())
    if (info.name.starts_with(prefix)) names.push_back(info.name.substr(prefix.size()));
  EXPECT_FALSE(names.empty());
  EXPECT_EQ(weights::count_known(family, names), names.size()) << file;
  EXPECT_THAT(weights::missing_keys(family, names), ::testing::IsEmpty()) << file;
}

}  // namespace svgen::test
