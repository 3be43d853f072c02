// SPDX-License-Identifier: MIT
// One thread computes; callers wait, and get what it throws.
#include "runtime/worker.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace svgen::runtime {
namespace {

TEST(Worker, ComputesOnOneThreadForAllCallers) {
  std::set<std::thread::id> computing;
  int total = 0;  // only the worker touches these two
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      for (int k = 0; k < 50; ++k)
        Worker::instance().run([&] {
          computing.insert(std::this_thread::get_id());
          ++total;
        });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(total, 400);
  EXPECT_EQ(computing.size(), 1u);
  EXPECT_FALSE(computing.contains(std::this_thread::get_id()));
}

TEST(Worker, HandsExceptionsBackAndGoesOn) {
  EXPECT_THROW(Worker::instance().run([] { throw std::out_of_range("x"); }), std::out_of_range);
  bool ran = false;
  Worker::instance().run([&] { ran = true; });
  EXPECT_TRUE(ran);
}

TEST(Worker, RunsNestedWorkAtOnce) {
  bool ran = false;
  Worker::instance().run([&] { Worker::instance().run([&] { ran = true; }); });
  EXPECT_TRUE(ran);
}

// Fails if the backend is built without OpenMP: at::parallel_for would be a plain loop.
TEST(Worker, SharesLoopsWithItsTeam) {
  std::vector<int> threads(2, -1);
  Worker::instance().run([&] {
    const int before = at::get_num_threads();
    at::set_num_threads(2);
    at::parallel_for(0, 2, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) threads[i] = at::get_thread_num();
    });
    at::set_num_threads(before);
  });
  EXPECT_EQ(threads, (std::vector<int>{0, 1}));
}

}  // namespace
}  // namespace svgen::runtime
