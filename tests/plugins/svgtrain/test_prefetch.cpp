// SPDX-License-Identifier: MIT
// Tests of the worker threads.
#include "svgtrain/prefetch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>

namespace svgen::gst {
namespace {

using namespace std::chrono_literals;

TEST(Prefetch, GivesResultsInOrderWhateverFinishesFirst) {
  Prefetch<int64_t> prefetch;
  prefetch.start({.first = 10, .step = 3, .count = 20, .threads = 4, .ahead = 6}, [](int64_t i) {
    std::this_thread::sleep_for(std::chrono::microseconds((i * 37) % 500));
    return i * i;
  });
  for (int64_t i = 10; i < 70; i += 3) EXPECT_EQ(prefetch.take(), i * i);
  EXPECT_EQ(prefetch.take(), std::nullopt);
}

TEST(Prefetch, GoesBackToo) {
  Prefetch<int64_t> prefetch;
  prefetch.start({.first = 7, .step = -3, .count = 3, .threads = 2, .ahead = 2},
                 [](int64_t i) { return i; });
  for (const int64_t i : {7, 4, 1}) EXPECT_EQ(prefetch.take(), i);
  EXPECT_EQ(prefetch.take(), std::nullopt);
}

TEST(Prefetch, NeverRunsFurtherAheadThanAllowed) {
  std::atomic<int64_t> begun{0};
  Prefetch<int> prefetch;
  prefetch.start({.threads = 3, .ahead = 5}, [&](int64_t) { return static_cast<int>(++begun); });
  for (int taken = 0; taken < 50; ++taken) {
    std::this_thread::sleep_for(100us);
    EXPECT_LE(begun, taken + 5);
    prefetch.take();
  }
}

TEST(Prefetch, AnErrorComesInItsPlaceAndTheRestGoesOn) {
  Prefetch<int64_t> prefetch;
  prefetch.start({.count = 3, .threads = 2, .ahead = 4}, [](int64_t i) {
    if (i == 1) throw std::runtime_error("one");
    return i;
  });
  EXPECT_EQ(prefetch.take(), 0);
  EXPECT_THROW(prefetch.take(), std::runtime_error);
  EXPECT_EQ(prefetch.take(), 2);
}

TEST(Prefetch, AnInterruptEndsTheWaitAndLosesNothing) {
  std::atomic<bool> go{false};
  Prefetch<int64_t> prefetch;
  prefetch.start({.threads = 1, .ahead = 2}, [&](int64_t i) {
    while (!go) std::this_thread::sleep_for(1ms);
    return i;
  });
  std::thread other([&] {
    std::this_thread::sleep_for(5ms);
    prefetch.interrupt(true);
  });
  EXPECT_EQ(prefetch.take(), std::nullopt);
  other.join();
  prefetch.interrupt(false);
  go = true;
  EXPECT_EQ(prefetch.take(), 0);
  EXPECT_EQ(prefetch.take(), 1);
}

TEST(Prefetch, StartsAnew) {
  Prefetch<int64_t> prefetch;
  for (const int64_t first : {5, 900, 7}) {
    prefetch.start({.first = first, .threads = 2, .ahead = 8}, [](int64_t i) { return i; });
    EXPECT_EQ(prefetch.take(), first);
    EXPECT_EQ(prefetch.take(), first + 1);
  }
  prefetch.stop();
  EXPECT_FALSE(prefetch.running());
}

}  // namespace
}  // namespace svgen::gst
