// SPDX-License-Identifier: MIT
// Calls back when a batch has been waiting for too long.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace svgen::gst {

/// One thread with one deadline. arm() and disarm() may be called from any thread, also from the
/// callback; the destructor waits for a running callback.
class BatchTimer {
 public:
  using Clock = std::chrono::steady_clock;

  explicit BatchTimer(std::function<void()> expired);
  ~BatchTimer();
  BatchTimer(const BatchTimer&) = delete;
  BatchTimer& operator=(const BatchTimer&) = delete;

  void arm(Clock::time_point deadline);
  void disarm();

 private:
  void run();

  std::function<void()> expired_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Clock::time_point> deadline_;
  bool quitting_ = false;
  std::thread thread_;
};

}  // namespace svgen::gst
