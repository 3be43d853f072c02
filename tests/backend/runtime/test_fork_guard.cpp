// SPDX-License-Identifier: MIT
// A forked process gets an error where it would wait for ever, and ends when it exits.
#include "runtime/fork_guard.h"

#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>

#include "backend/engine/support.h"
#include "runtime/worker.h"

namespace svgen::runtime {
namespace {

using engine::open_engine;
using engine::request_of;

// Forks and runs `child` there; returns its wait status. An alarm ends a child that hangs.
int status_of_child(const std::function<int()>& child) {
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(20);
    std::exit(child());  // runs the exit handlers too
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return status;
}

int try_to_compute() {
  try {
    Worker::instance().run([] {});
  } catch (const DeviceError& error) {
    return std::string(error.what()).find("was forked from one") == std::string::npos;
  }
  return 2;
}

TEST(ForkGuardDeathTest, AForkedProcessGetsAnErrorAndEnds) {
  Worker::instance().run([] {});
  EXPECT_EQ(status_of_child(try_to_compute), 0);
  Worker::instance().run([] {});  // the parent still computes
}

TEST(ForkGuardDeathTest, AForkedProcessEndsThoughTheWorkerWasBusy) {
  std::mutex mutex;
  std::condition_variable changed;
  bool busy = false, free_to_go = false;
  std::thread caller([&] {
    Worker::instance().run([&] {
      std::unique_lock lock(mutex);
      busy = true;
      changed.notify_all();
      changed.wait(lock, [&] { return free_to_go; });
    });
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return busy; });
  const int status = status_of_child(try_to_compute);
  free_to_go = true;
  lock.unlock();
  changed.notify_all();
  caller.join();
  EXPECT_EQ(status, 0);
}

TEST(ForkGuardDeathTest, AnEngineOfTheParentRefusesInTheChild) {
  const auto engine = open_engine();
  engine->sampler().sample(request_of(1));
  const int status = status_of_child([&] {
    try {
      engine->sampler().sample(request_of(1));
    } catch (const DeviceError&) {
      return 0;
    }
    return 2;
  });
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(engine->sampler().sample(request_of(1)).defined());
}

TEST(ForkGuard, TheProcessItselfIsNoChild) {
  note_computing();
  EXPECT_FALSE(is_forked());
  EXPECT_NO_THROW(refuse_forked());
}

}  // namespace
}  // namespace svgen::runtime
