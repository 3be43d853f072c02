// SPDX-License-Identifier: MIT
// The system's account of its memory, and the error before too much of it is asked for.
#include "runtime/available_memory.h"

#include <gtest/gtest.h>

#include "svgen/error.h"

namespace svgen::runtime {
namespace {

TEST(AvailableMemory, IsReadFromTheSystemsText) {
  EXPECT_EQ(available_memory("MemTotal: 24 kB\nMemAvailable:   1000 kB\nBuffers: 1 kB\n"), 1024000);
  EXPECT_EQ(available_memory("MemTotal: 24 kB\n"), std::nullopt);
  EXPECT_EQ(available_memory("MemAvailable: kB"), std::nullopt);
  EXPECT_EQ(available_memory("MemAvailable:"), std::nullopt);
}

TEST(RequireMemory, RefusesMoreThanThereIs) {
  EXPECT_NO_THROW(require_memory(1, "a byte"));
  EXPECT_THROW(require_memory(int64_t{1} << 60, "an exabyte"), MemoryError);
}

}  // namespace
}  // namespace svgen::runtime
