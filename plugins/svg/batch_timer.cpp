// SPDX-License-Identifier: MIT
// The thread behind a batch timer.
#include "svg/batch_timer.h"

#include <utility>

namespace svgen::gst {

BatchTimer::BatchTimer(std::function<void()> expired)
    : expired_(std::move(expired)), thread_([this] { run(); }) {}

BatchTimer::~BatchTimer() {
  {
    const std::lock_guard lock(mutex_);
    quitting_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void BatchTimer::arm(Clock::time_point deadline) {
  {
    const std::lock_guard lock(mutex_);
    deadline_ = deadline;
  }
  changed_.notify_all();
}

void BatchTimer::disarm() {
  const std::lock_guard lock(mutex_);
  deadline_.reset();
}

void BatchTimer::run() {
  std::unique_lock lock(mutex_);
  while (!quitting_) {
    if (!deadline_) {
      changed_.wait(lock);
    } else if (const Clock::time_point deadline = *deadline_; Clock::now() < deadline) {
      changed_.wait_until(lock, deadline);
    } else {
      deadline_.reset();
      lock.unlock();
      expired_();
      lock.lock();
    }
  }
}

}  // namespace svgen::gst
