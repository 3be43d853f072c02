// SPDX-License-Identifier: MIT
// Tests of the batch timer.
#include "svg/batch_timer.h"

#include <gtest/gtest.h>

#include <atomic>

namespace svgen::gst::testing {
namespace {

using Clock = BatchTimer::Clock;
using std::chrono::milliseconds;

// Waits until `done` or three seconds have passed.
template <typename Done>
bool eventually(Done done) {
  const auto end = Clock::now() + std::chrono::seconds(3);
  while (!done() && Clock::now() < end) std::this_thread::sleep_for(milliseconds(1));
  return done();
}

TEST(BatchTimer, CallsOnceWhenTheTimeHasCome) {
  std::atomic<int> calls = 0;
  std::atomic<bool> early = false;
  const auto deadline = Clock::now() + milliseconds(30);
  BatchTimer timer([&] {
    early = Clock::now() < deadline;
    ++calls;
  });
  timer.arm(deadline);
  EXPECT_TRUE(eventually([&] { return calls == 1; }));
  EXPECT_FALSE(early);
  std::this_thread::sleep_for(milliseconds(60));
  EXPECT_EQ(calls, 1);
}

TEST(BatchTimer, DoesNotCallUnarmed) {
  std::atomic<int> calls = 0;
  BatchTimer timer([&] { ++calls; });
  std::this_thread::sleep_for(milliseconds(30));
  EXPECT_EQ(calls, 0);
}

TEST(BatchTimer, DisarmingInTimeIsFinal) {
  std::atomic<int> calls = 0;
  BatchTimer timer([&] { ++calls; });
  timer.arm(Clock::now() + milliseconds(100));
  timer.disarm();
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_EQ(calls, 0);
}

TEST(BatchTimer, ADeadlineInThePastCallsAtOnce) {
  std::atomic<int> calls = 0;
  BatchTimer timer([&] { ++calls; });
  timer.arm(Clock::now() - milliseconds(10));
  EXPECT_TRUE(eventually([&] { return calls == 1; }));
}

TEST(BatchTimer, AnEarlierDeadlineReplacesALaterOne) {
  std::atomic<int> calls = 0;
  BatchTimer timer([&] { ++calls; });
  timer.arm(Clock::now() + std::chrono::hours(1));
  timer.arm(Clock::now() + milliseconds(10));
  EXPECT_TRUE(eventually([&] { return calls == 1; }));
}

TEST(BatchTimer, MayBeArmedFromItsCallback) {
  std::atomic<int> calls = 0;
  BatchTimer* self = nullptr;
  BatchTimer timer([&] {
    if (++calls < 3) self->arm(Clock::now());
  });
  self = &timer;
  timer.arm(Clock::now());
  EXPECT_TRUE(eventually([&] { return calls == 3; }));
}

TEST(BatchTimer, GoesQuietlyWhileArmed) {
  std::atomic<int> calls = 0;
  {
    BatchTimer timer([&] { ++calls; });
    timer.arm(Clock::now() + std::chrono::hours(1));
  }
  EXPECT_EQ(calls, 0);
}

TEST(BatchTimer, ItsEndWaitsForARunningCallback) {
  std::atomic<bool> started = false, finished = false;
  {
    BatchTimer timer([&] {
      started = true;
      std::this_thread::sleep_for(milliseconds(50));
      finished = true;
    });
    timer.arm(Clock::now());
    ASSERT_TRUE(eventually([&] { return started.load(); }));
  }
  EXPECT_TRUE(finished);
}

}  // namespace
}  // namespace svgen::gst::testing
