// SPDX-License-Identifier: MIT
// A value made at its first use, once; a maker that throws is asked again by the next user.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

namespace svgen::runtime {

template <typename Value>
class Lazy {
 public:
  /// The value; `make` returns it by unique_ptr. Threads that come meanwhile wait.
  template <typename Make>
  Value& get(Make&& make) {
    if (Value* ready = ready_.load(std::memory_order_acquire)) return *ready;
    const std::lock_guard lock(mutex_);
    if (!value_) {
      value_ = std::forward<Make>(make)();
      ready_.store(value_.get(), std::memory_order_release);
    }
    return *value_;
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<Value> value_;
  std::atomic<Value*> ready_{nullptr};
};

}  // namespace svgen::runtime
