// SPDX-License-Identifier: MIT
// The one thread that computes on the CPU for the whole process.
//
// Every thread that calls into LibTorch gets an OpenMP team of its own, and two teams on the same
// cores are slower than one after the other. So callers hand their work to this thread and wait.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace svgen::runtime {

class Worker {
 public:
  /// Lives until the process ends.
  static Worker& instance();

  /// Runs `work` on the worker, after what others handed in before, and waits. An exception of
  /// `work` is thrown here. Called on the worker itself, it runs at once.
  ///
  /// DeviceError in a process that was forked from one with a worker.
  ///
  /// When the process exits, what runs is waited for and nothing begins after it: other threads
  /// than the one that exits get a DeviceError.
  void run(const std::function<void()>& work);

 private:
  struct Job {
    const std::function<void()>& work;
    std::exception_ptr error;
    bool done = false;
    std::condition_variable finished;
  };

  Worker();
  void loop();
  void end();
  void end_at_exit();
  static void finish(Job& job, std::exception_ptr error);

  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::deque<Job*> jobs_;
  bool busy_ = false, ended_ = false;
  int registered_ = 0;       // of calls of end() at exit
  std::thread::id exiting_;  // where the process ends
};

}  // namespace svgen::runtime
