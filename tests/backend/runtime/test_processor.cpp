// SPDX-License-Identifier: MIT
// The features that the processor reports are in the operating system's list.
#include "runtime/processor.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace svgen {
namespace {

TEST(Processor, PairProductsAreAmongTheSystemsFeatures) {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line) && !line.starts_with("flags")) {
  }
  if (line.empty()) GTEST_SKIP() << "the system lists no features";
  EXPECT_EQ(runtime::has_pair_products(), line.find("avx512_bf16") != std::string::npos);
}

}  // namespace
}  // namespace svgen
