// SPDX-License-Identifier: MIT
// Worker threads that prepare numbered results ahead of the one who takes them in order.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace svgen::gst {

/// start, take and stop belong to one thread; interrupt may come from any.
template <typename Result>
class Prefetch {
 public:
  /// Called on worker threads, for several indices at once.
  using Work = std::function<Result(int64_t index)>;

  struct Plan {
    int64_t first = 0, step = 1;  // indices first, first + step, ...; falling ones below 0
    int64_t count = -1;           // of them; -1: without end
    size_t threads = 1;
    size_t ahead = 1;  // results that may wait to be taken, those in work included
  };

  Prefetch() = default;
  ~Prefetch() { stop(); }
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  void start(const Plan& plan, Work work) {
    stop();
    plan_ = plan;
    work_ = std::move(work);
    slots_.resize(plan.ahead);
    for (size_t i = 0; i < plan.threads; ++i) threads_.emplace_back([this] { run(); });
  }

  bool running() const { return !threads_.empty(); }

  /// The next result in order; nothing at the end and while interrupted. Throws what the work for
  /// this index threw.
  std::optional<Result> take() {
    std::unique_lock lock(mutex_);
    if (!in_plan(taken_)) return std::nullopt;
    Slot& slot = slots_[static_cast<size_t>(taken_) % slots_.size()];
    changed_.wait(lock, [&] { return interrupted_ || slot.result || slot.error; });
    if (interrupted_) return std::nullopt;
    Slot done = std::exchange(slot, Slot{});
    ++taken_;
    changed_.notify_all();
    lock.unlock();
    if (done.error) std::rethrow_exception(done.error);
    return std::move(done.result);
  }

  /// While on, take() does not wait.
  void interrupt(bool on) {
    const std::lock_guard lock(mutex_);
    interrupted_ = on;
    changed_.notify_all();
  }

  /// Waits for work that has begun, forgets the rest.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    slots_.clear();
    claimed_ = taken_ = 0;
    stopping_ = false;
  }

 private:
  struct Slot {
    std::optional<Result> result;
    std::exception_ptr error;
  };

  int64_t index(int64_t place) const { return plan_.first + place * plan_.step; }
  bool in_plan(int64_t place) const { return plan_.count < 0 || place < plan_.count; }

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] {
        return stopping_ || !in_plan(claimed_) ||
               claimed_ < taken_ + static_cast<int64_t>(plan_.ahead);
      });
      if (stopping_ || !in_plan(claimed_)) return;
      const int64_t place = claimed_++;
      lock.unlock();
      Slot done = compute(index(place));
      lock.lock();
      slots_[static_cast<size_t>(place) % slots_.size()] = std::move(done);
      changed_.notify_all();
    }
  }

  Slot compute(int64_t index) const noexcept {
    Slot slot;
    try {
      slot.result = work_(index);
    } catch (...) {
      slot.error = std::current_exception();
    }
    return slot;
  }

  Plan plan_;
  Work work_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Slot> slots_;
  int64_t claimed_ = 0, taken_ = 0;
  bool interrupted_ = false, stopping_ = false;
};

}  // namespace svgen::gst
