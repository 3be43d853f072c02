// SPDX-License-Identifier: MIT
// The one thread that computes on the CPU for the whole process.
#include "runtime/worker.h"

#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

#include "runtime/fork_guard.h"
#include "svgen/error.h"

namespace svgen::runtime {
namespace {

constexpr int kRegistrations = 1000;
constexpr std::chrono::milliseconds kPatience{5};
thread_local bool is_worker = false;

DeviceError the_end() {
  return DeviceError("the process ends: nothing is computed any more");
}

}  // namespace

// Never destroyed: at exit, other libraries may be gone before the thread could be joined.
Worker& Worker::instance() {
  static Worker& worker = *new Worker;
  return worker;
}

Worker::Worker() {
  note_computing();
  std::thread([this] { loop(); }).detach();
  end_at_exit();
}

// Libraries make objects for the whole process when they first need them, and what was registered
// last is called first: so this is registered again and again while such objects may still come.
void Worker::end_at_exit() {
  if (registered_ == kRegistrations || ended_) return;
  ++registered_;
  std::atexit([] { instance().end(); });
}

// A thread that computed on would use what the exit has destroyed.
void Worker::end() {
  if (is_worker) return;    // its own work exits
  if (is_forked()) return;  // the thread, and whoever held the lock, are in another process
  std::unique_lock lock(mutex_);
  ended_ = true;
  exiting_ = std::this_thread::get_id();
  for (Job* job : jobs_) finish(*job, std::make_exception_ptr(the_end()));
  jobs_.clear();
  idle_.wait(lock, [this] { return !busy_; });
}

// The lock is held: the job lies on the stack of a thread that may return once it can see `done`.
void Worker::finish(Job& job, std::exception_ptr error) {
  job.error = std::move(error);
  job.done = true;
  job.finished.notify_one();
}

void Worker::run(const std::function<void()>& work) {
  refuse_forked();
  if (is_worker) return work();
  Job job{work};
  std::unique_lock lock(mutex_);
  if (ended_) {
    if (exiting_ != std::this_thread::get_id()) throw the_end();
    lock.unlock();
    return work();  // of a destructor
  }
  jobs_.push_back(&job);
  wake_.notify_one();
  const auto done = [&job] { return job.done; };
  while (registered_ < kRegistrations && !job.finished.wait_for(lock, kPatience, done))
    end_at_exit();
  job.finished.wait(lock, done);
  if (job.error) std::rethrow_exception(job.error);
}

void Worker::loop() {
  is_worker = true;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return !jobs_.empty(); });
    Job& job = *jobs_.front();
    jobs_.pop_front();
    busy_ = true;
    lock.unlock();
    std::exception_ptr error;
    try {
      job.work();
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    end_at_exit();
    busy_ = false;
    if (ended_) idle_.notify_all();
    finish(job, std::move(error));
  }
}

}  // namespace svgen::runtime
