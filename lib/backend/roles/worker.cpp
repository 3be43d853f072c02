// SPDX-License-Identifier: MIT
// The one thread that computes on the CPU for the whole process.
#include "roles/worker.h"

#include <cstdlib>
#include <thread>

namespace svgen::roles {
namespace {

constexpr int kFirstJobs = 1000;
thread_local bool is_worker = false;

}  // namespace

// Never destroyed: at exit, other libraries may be gone before the thread could be joined.
Worker& Worker::instance() {
  static Worker& worker = *new Worker;
  return worker;
}

Worker::Worker() {
  std::thread([this] { loop(); }).detach();
  std::atexit([] { instance().end(); });
}

// A thread that computed on would use what the exit has destroyed.
void Worker::end() {
  std::unique_lock lock(mutex_);
  ended_ = true;
  exiting_ = std::this_thread::get_id();
  idle_.wait(lock, [this] { return !busy_; });
}

void Worker::run(const std::function<void()>& work) {
  if (is_worker) return work();
  Job job{work};
  std::unique_lock lock(mutex_);
  if (ended_ && exiting_ == std::this_thread::get_id()) {  // a destructor that has work
    lock.unlock();
    return work();
  }
  jobs_.push_back(&job);
  wake_.notify_one();
  job.finished.wait(lock, [&] { return job.done; });
  if (job.error) std::rethrow_exception(job.error);
}

void Worker::loop() {
  is_worker = true;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return !jobs_.empty() && !ended_; });
    Job& job = *jobs_.front();
    jobs_.pop_front();
    busy_ = true;
    lock.unlock();
    try {
      job.work();
    } catch (...) {
      job.error = std::current_exception();
    }
    lock.lock();
    // Libraries make objects for the whole process when they first need them, and what was
    // registered last is called first: so this is registered again while such objects may still
    // come.
    if (registered_ < kFirstJobs && !ended_) {
      ++registered_;
      std::atexit([] { instance().end(); });
    }
    busy_ = false;
    if (ended_) idle_.notify_all();
    job.done = true;
    // Under the lock: the job lies on the stack of a thread that may return once it can see `done`.
    job.finished.notify_one();
  }
}

}  // namespace svgen::roles
