// SPDX-License-Identifier: MIT
// A gate in front of work that rests while a live pipeline is paused.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace svgen::gst {

/// The base class of sources does not interrupt create() when a live pipeline is paused; a source
/// whose create() takes long looks at the gate and waits behind it. One thread waits, any thread
/// does the rest.
class PauseGate {
 public:
  bool is_closed() const { return is_closed_; }
  void close() { is_closed_ = true; }

  void open() {
    is_closed_ = false;
    wake();
  }

  /// Makes wait() ask again whether to go on.
  void wake() {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

  /// Waits until the gate is open or `goes_on` says false; returns what that says.
  template <typename GoesOn>
  bool wait(GoesOn goes_on) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !is_closed_ || !goes_on(); });
    return goes_on();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> is_closed_{false};
};

}  // namespace svgen::gst
