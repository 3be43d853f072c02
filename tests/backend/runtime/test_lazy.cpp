// SPDX-License-Identifier: MIT
// A lazy value is made once, by one thread, and again only after a failure.
#include "runtime/lazy.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace svgen::runtime {
namespace {

TEST(Lazy, IsMadeOnceHoweverManyAsk) {
  Lazy<int> lazy;
  std::atomic<int> made{0};
  std::vector<std::thread> askers;
  for (int i = 0; i < 8; ++i) {
    askers.emplace_back(
        [&] { EXPECT_EQ(lazy.get([&] { return std::make_unique<int>(++made); }), 1); });
  }
  for (std::thread& asker : askers) asker.join();
  EXPECT_EQ(made, 1);
}

TEST(Lazy, AsksAgainAfterAFailure) {
  Lazy<int> lazy;
  const auto fail = []() -> std::unique_ptr<int> { throw std::runtime_error("not yet"); };
  EXPECT_THROW(lazy.get(fail), std::runtime_error);
  EXPECT_EQ(lazy.get([] { return std::make_unique<int>(3); }), 3);
}

}  // namespace
}  // namespace svgen::runtime
