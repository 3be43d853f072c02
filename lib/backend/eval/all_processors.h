// SPDX-License-Identifier: MIT
// Sums over images that are the same bits whatever number of threads a launcher chose.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <thread>

namespace svgen::eval {

/// While it lives, this thread computes with a thread for each processor that it may use, whatever
/// OMP_NUM_THREADS says: launchers of several processes set it to 1.
class AllProcessors {
 public:
  AllProcessors() {
    at::set_num_threads(std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
  }
  ~AllProcessors() { at::set_num_threads(before_); }
  AllProcessors(const AllProcessors&) = delete;
  AllProcessors& operator=(const AllProcessors&) = delete;

 private:
  int before_ = at::get_num_threads();
};

}  // namespace svgen::eval
