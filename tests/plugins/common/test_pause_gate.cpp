// SPDX-License-Identifier: MIT
// Tests of the gate in front of work that rests during a pause.
#include "common/pause_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace svgen::gst {
namespace {

using std::chrono::milliseconds;

TEST(PauseGate, AnOpenGateLetsThroughWhoeverGoesOn) {
  PauseGate gate;
  EXPECT_FALSE(gate.is_closed());
  EXPECT_TRUE(gate.wait([] { return true; }));
  EXPECT_FALSE(gate.wait([] { return false; }));
}

TEST(PauseGate, AClosedGateHoldsUntilItIsOpened) {
  PauseGate gate;
  gate.close();
  EXPECT_TRUE(gate.is_closed());
  std::future<bool> passed =
      std::async(std::launch::async, [&] { return gate.wait([] { return true; }); });
  EXPECT_EQ(passed.wait_for(milliseconds(50)), std::future_status::timeout);
  gate.open();
  EXPECT_TRUE(passed.get());
}

TEST(PauseGate, WhoeverWaitsGivesUpWhenWoken) {
  PauseGate gate;
  gate.close();
  std::atomic<bool> goes_on{true};
  std::future<bool> passed =
      std::async(std::launch::async, [&] { return gate.wait([&] { return goes_on.load(); }); });
  EXPECT_EQ(passed.wait_for(milliseconds(50)), std::future_status::timeout);
  goes_on = false;
  gate.wake();
  EXPECT_FALSE(passed.get());
}

}  // namespace
}  // namespace svgen::gst
