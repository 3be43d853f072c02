// SPDX-License-Identifier: MIT
// The one thread that computes on the CPU for the whole process.
#include "roles/worker.h"

#include <thread>

namespace svgen::roles {
namespace {

thread_local bool is_worker = false;

}  // namespace

// Never destroyed: at exit, other libraries may be gone before the thread could be joined.
Worker& Worker::instance() {
  static Worker& worker = *new Worker;
  return worker;
}

Worker::Worker() {
  std::thread([this] { loop(); }).detach();
}

void Worker::run(const std::function<void()>& work) {
  if (is_worker) return work();
  Job job{work};
  std::unique_lock lock(mutex_);
  jobs_.push_back(&job);
  wake_.notify_one();
  job.finished.wait(lock, [&] { return job.done; });
  if (job.error) std::rethrow_exception(job.error);
}

void Worker::loop() {
  is_worker = true;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return !jobs_.empty(); });
    Job& job = *jobs_.front();
    jobs_.pop_front();
    lock.unlock();
    try {
      job.work();
    } catch (...) {
      job.error = std::current_exception();
    }
    lock.lock();
    job.done = true;
    // Under the lock: the job lies on the stack of a thread that may return once it can see `done`.
    job.finished.notify_one();
  }
}

}  // namespace svgen::roles
